//! The tests of the workspace, and the requirements that their doc comments name.

use std::fs;
use std::path::{Path, PathBuf};

/// A test that names requirements.
#[derive(Debug, PartialEq)]
pub struct Proof {
    /// Its file, from the repository's folder on.
    pub file: String,
    /// The function's name.
    pub name: String,
    /// The requirements it names, in its order.
    pub ids: Vec<String>,
}

/// Finds the tests that name requirements, in the order of their files.
///
/// # Errors
///
/// The folder or file that cannot be read.
pub fn find(root: &Path) -> Result<Vec<Proof>, String> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut proofs = Vec::new();
    for path in files {
        let wrong = |error| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(wrong)?;
        let file = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        proofs.extend(tests(&text).map(|(name, ids)| Proof { file: file.clone(), name, ids }));
    }
    Ok(proofs)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let wrong = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, files)?;
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The tests of one file whose doc comments name requirements.
fn tests(text: &str) -> impl Iterator<Item = (String, Vec<String>)> {
    let (mut ids, mut is_test) = (Vec::new(), false);
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix("///") {
            ids.extend(requirements(comment));
        } else if line == "#[test]" {
            is_test = true;
        } else if !line.starts_with('#') {
            let (ids, is_test) = (std::mem::take(&mut ids), std::mem::take(&mut is_test));
            let name = line.strip_prefix("fn ")?.split('(').next()?;
            return (is_test && !ids.is_empty()).then(|| (name.to_owned(), ids));
        }
        None
    })
}

/// The requirements that a comment names: `LS-` or `LS-M` and a number.
fn requirements(comment: &str) -> impl Iterator<Item = String> {
    comment.match_indices("LS-").filter_map(|(at, _)| {
        let rest = comment[at + 3..].trim_start_matches('M');
        let digits = rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        let end = comment.len() - rest.len() + digits;
        (digits > 0).then(|| comment[at..end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code whose comments begin with `//~`, so that they are not taken for this file's own.
    fn of(code: &str) -> Vec<(String, Vec<String>)> {
        tests(&code.replace("//~", "///")).collect()
    }

    #[test]
    fn the_ids_of_a_tests_comment_are_its_own() {
        let code = "
            //~ LS-1, LS-M20: why
            //~ and LS-35.
            #[test]
            #[ignore = \"slow\"]
            fn it_holds() {}

            //~ LS-2
            fn no_test() {}

            #[test]
            fn names_nothing() {}
            proptest! {
                //~ LS-50
                #[test]
                fn any_graph(x in 0..1) {}
            }";
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            of(code),
            [
                ("it_holds".to_owned(), ids(&["LS-1", "LS-M20", "LS-35"])),
                ("any_graph".to_owned(), ids(&["LS-50"])),
            ]
        );
    }

    #[test]
    fn what_only_looks_like_an_id_is_none() {
        assert_eq!(requirements("ALS- LS-x LS-M").count(), 0);
    }
}
