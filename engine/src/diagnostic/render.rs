//! Messages as people know them from rustc: the line, the offending text underlined, a suggestion.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, NamedText, Severity};

impl Diagnostics {
    /// All of them, drawn over their lines; `colour` for a terminal that can show it. `[any]`
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in &self.list {
            let text = self.texts.texts.get(diagnostic.text);
            out.push_str(&match text {
                Some(text) => renderer.render(&groups(diagnostic, text)),
                None => diagnostic.to_string(),
            });
            out.push_str("\n\n");
        }
        out
    }
}

fn groups<'a>(diagnostic: &'a Diagnostic, text: &'a NamedText) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let label = match &diagnostic.nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => String::new(),
    };
    let mut marks = vec![AnnotationKind::Primary.span(diagnostic.span.clone()).label(label)];
    if let Some((span, how)) = &diagnostic.related {
        marks.push(AnnotationKind::Context.span(span.clone()).label(how.as_str()));
    }
    let snippet = Snippet::source(&*text.text).path(&*text.name).annotations(marks);
    let mut group = level.primary_title(diagnostic.message.as_str()).element(snippet);
    if let Some(expected) = &diagnostic.expected {
        group = group.element(Level::HELP.message(format!("expected {expected}")));
    }
    vec![group]
}
