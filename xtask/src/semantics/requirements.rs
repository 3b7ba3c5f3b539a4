//! The requirements in our own words: a TOML file of headings and `id = "line"`.
//!
//! Read by hand: `xtask` has no dependencies, and more than this the file never holds.

/// One requirement.
#[derive(Debug, PartialEq)]
pub struct Requirement {
    /// `LS-1`, `LS-M1`.
    pub id: String,
    /// What holds, in one line.
    pub line: String,
    /// What of it does not apply to this engine, and why; or what is missing still.
    pub reason: Option<String>,
    /// Whether it is still to be done.
    pub is_open: bool,
}

/// All of them, under their headings.
#[derive(Debug, Default)]
pub struct Requirements {
    pub sections: Vec<Section>,
}

/// A heading and what stands under it.
#[derive(Debug)]
pub struct Section {
    pub title: String,
    pub requirements: Vec<Requirement>,
}

/// The headings under which reasons stand: of what does not apply, and of what is still to be done.
const REASONS: &str = "reasons";
const OPEN: &str = "open";

impl Requirements {
    /// Every requirement, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        self.sections.iter().flat_map(|section| &section.requirements)
    }

    /// Whether there is one of this id.
    pub fn has(&self, id: &str) -> bool {
        self.all().any(|requirement| requirement.id == id)
    }

    fn find(&mut self, id: &str) -> Option<&mut Requirement> {
        let all = self.sections.iter_mut().flat_map(|section| &mut section.requirements);
        all.into_iter().find(|requirement| requirement.id == id)
    }

    fn add(&mut self, id: &str, line: &str) -> Result<(), String> {
        if self.has(id) {
            return Err(format!("{id} is there twice"));
        }
        let before = self.all().filter(|it| series(&it.id) == series(id)).count();
        if number(id) != Some(before + 1) {
            return Err(format!("{id} does not follow the one before it; they are counted on"));
        }
        let section = self.sections.last_mut().ok_or("a heading comes first")?;
        let (id, line) = (id.to_owned(), line.to_owned());
        section.requirements.push(Requirement { id, line, reason: None, is_open: false });
        Ok(())
    }

    fn explain(&mut self, id: &str, reason: &str, is_open: bool) -> Result<(), String> {
        let requirement = self.find(id).ok_or_else(|| format!("{id} is no requirement"))?;
        (requirement.reason, requirement.is_open) = (Some(reason.to_owned()), is_open);
        Ok(())
    }
}

fn series(id: &str) -> &str {
    id.trim_end_matches(|letter: char| letter.is_ascii_digit())
}

fn number(id: &str) -> Option<usize> {
    id[series(id).len()..].parse().ok()
}

/// Reads the file.
///
/// # Errors
///
/// The first line that is no heading, no `id = "line"`, or out of order, with its number.
pub fn parse(text: &str) -> Result<Requirements, String> {
    let mut all = Requirements::default();
    // Under which of the two headings of reasons, if any.
    let mut reasons = None;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| format!("{}: {what}", number + 1);
        match Line::of(line).ok_or_else(|| wrong("expected [heading] or id = \"text\"".into()))? {
            Line::Nothing => {}
            Line::Heading(heading @ (REASONS | OPEN)) => reasons = Some(heading),
            Line::Heading(title) => {
                reasons = None;
                all.sections.push(Section { title: title.to_owned(), requirements: Vec::new() });
            }
            Line::Entry(id, text) => match reasons {
                Some(heading) => all.explain(id, text, heading == OPEN).map_err(wrong)?,
                None => all.add(id, text).map_err(wrong)?,
            },
        }
    }
    Ok(all)
}

enum Line<'a> {
    Nothing,
    Heading(&'a str),
    Entry(&'a str, &'a str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Some(Self::Nothing);
        }
        if let Some(heading) = line.strip_prefix('[') {
            return Some(Self::Heading(heading.strip_suffix(']')?.trim_matches('"')));
        }
        let (id, text) = line.split_once('=')?;
        let text = text.trim().strip_prefix('"')?.strip_suffix('"')?;
        // Neither quotes nor escapes are needed in one plain line.
        (!text.contains(['"', '\\'])).then_some(Self::Entry(id.trim(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lines_and_reasons_are_read() {
        let text = "# comment\n[\"A b\"]\nLS-1 = \"one\"\n\n[\"C\"]\nLS-2 = \"two\"\nLS-M1 = \"m\"\n[reasons]\nLS-2 = \"why\"\n";
        let read = parse(text).expect("good");
        let titles: Vec<_> = read.sections.iter().map(|section| &*section.title).collect();
        assert_eq!(titles, ["A b", "C"]);
        let rows: Vec<_> =
            read.all().map(|it| (&*it.id, &*it.line, it.reason.as_deref())).collect();
        assert_eq!(
            rows,
            [("LS-1", "one", None), ("LS-2", "two", Some("why")), ("LS-M1", "m", None)]
        );
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let table = [
            ("LS-1 = \"one\"", "1: a heading comes first"),
            (
                "[A]\nLS-2 = \"two\"",
                "2: LS-2 does not follow the one before it; they are counted on",
            ),
            ("[A]\nLS-1 = \"x\"\nLS-1 = \"x\"", "3: LS-1 is there twice"),
            ("[A]\nLS-1 = one", "2: expected [heading] or id = \"text\""),
            ("[A", "1: expected [heading] or id = \"text\""),
            ("[reasons]\nLS-1 = \"x\"", "2: LS-1 is no requirement"),
        ];
        for (text, mistake) in table {
            assert_eq!(parse(text).expect_err(text), mistake);
        }
    }
}
