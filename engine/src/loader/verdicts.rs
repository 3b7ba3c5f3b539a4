//! Verdicts of earlier trials, in a file of text that a user can read and delete.
//!
//! One line each, newest last: the content's SHA-256, who judged, what came of it, and the library that
//! had this content then. Only what the content decides is kept: that it is good, or that it ended the
//! process. A trial that ran out of time, or a library that lacks another one, is tried again.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::error::Step;
use super::probe::ProbeError;
use crate::catalog::Content;

/// Who judges: another version of the engine may judge otherwise.
const JUDGE: &str = concat!("driftless-", env!("CARGO_PKG_VERSION"));

/// More lines than this are not kept.
const MOST: usize = 1000;

const HEAD: &str = "\
# What came of opening plugin libraries in a process of their own, newest last.
# Read it, edit it or delete it as you like: what is not here is tried again.
# content (sha256)\tjudge\tverdict\tlibrary
";

/// Where verdicts are kept.
#[derive(Debug, Clone)]
pub struct Verdicts {
    file: PathBuf,
}

impl Verdicts {
    /// In this file, which need not be there yet.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    /// In the user's folder for caches, `driftless/verdicts.txt`; `None` where the system names none.
    pub fn of_user() -> Option<Self> {
        let folder = |variable: &str| env::var_os(variable).map(PathBuf::from);
        let cache = folder("XDG_CACHE_HOME").filter(|it| it.is_absolute()).or_else(|| {
            if cfg!(windows) {
                folder("LOCALAPPDATA")
            } else if cfg!(target_vendor = "apple") {
                folder("HOME").map(|home| home.join("Library/Caches"))
            } else {
                folder("HOME").map(|home| home.join(".cache"))
            }
        });
        cache.map(|cache| Self::new(cache.join("driftless").join("verdicts.txt")))
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is there now; nothing, if the file cannot be read. `[main]`
    pub fn read(&self) -> Known {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        Known(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
    }

    /// Keeps verdicts in place of earlier ones on the same content. A file that cannot be written keeps
    /// nothing, which costs another trial.
    pub fn keep<'a>(
        &self,
        verdicts: impl IntoIterator<Item = (Content, &'a Path, &'a Result<(), ProbeError>)>,
    ) {
        let mut known = self.read();
        let mut changed = false;
        for (content, path, verdict) in verdicts {
            let Some(verdict) = written(verdict) else { continue };
            known.remove(content);
            known.0.push(format!("{content}\t{JUDGE}\t{verdict}\t{}", path.display()));
            changed = true;
        }
        if changed {
            let _ = self.write(&known);
        }
    }

    /// Forgets what is known of these contents. `[main]`
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn forget(&self, contents: &[Content]) -> io::Result<()> {
        let mut known = self.read();
        let before = known.0.len();
        for content in contents {
            known.remove(*content);
        }
        if known.0.len() == before { Ok(()) } else { self.write(&known) }
    }

    /// By renaming, so that nobody reads half a file; of two programs that write at once, one may lose
    /// its verdicts.
    fn write(&self, Known(lines): &Known) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let newest = &lines[lines.len().saturating_sub(MOST)..];
        let text = newest.iter().fold(HEAD.to_owned(), |text, line| text + line + "\n");
        let new = self.file.with_extension(format!("{}.new", std::process::id()));
        fs::write(&new, text)?;
        fs::rename(&new, &self.file)
    }
}

/// The lines of the file.
#[derive(Debug, Clone, Default)]
pub struct Known(Vec<String>);

impl Known {
    /// The verdict on this content, if there is one of this version's.
    pub fn find(&self, content: Content) -> Option<Result<(), ProbeError>> {
        let content = content.to_string();
        let mut of_content = self.0.iter().rev().filter_map(|line| line.strip_prefix(&content));
        of_content.find_map(|rest| {
            let mut words = rest.trim_start_matches('\t').split('\t');
            let (judge, verdict) = (words.next()?, words.next()?);
            (judge == JUDGE).then(|| parsed(verdict)).flatten()
        })
    }

    fn remove(&mut self, content: Content) {
        let content = content.to_string();
        self.0.retain(|line| !line.starts_with(&content));
    }
}

/// The verdict in words, if it is to be kept.
fn written(verdict: &Result<(), ProbeError>) -> Option<String> {
    match verdict {
        Ok(()) => Some("good".to_owned()),
        // Killed: by a machine that was short of memory, for all we know.
        Err(ProbeError::Ended { how, .. }) if how.starts_with("signal 9 ") => None,
        Err(ProbeError::Ended { how, during }) => Some(format!("{how}, during {}", during.name())),
        Err(_) => None,
    }
}

fn parsed(verdict: &str) -> Option<Result<(), ProbeError>> {
    if verdict == "good" {
        return Some(Ok(()));
    }
    let (how, during) = verdict.rsplit_once(", during ")?;
    Some(Err(ProbeError::Ended { how: how.to_owned(), during: Step::named(during)? }))
}
