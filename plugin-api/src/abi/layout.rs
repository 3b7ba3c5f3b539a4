//! The layout of everything that crosses the border, as text: what every minor version of this crate
//! is held to (`plugin-api/abi/`), and what a host says when a plugin's differs.
//!
//! A block for each type, in the order of first use from the root:
//!
//! ```text
//! struct RawWake, 16 bytes, align 8
//!    0  kind: u32
//!    4  reserved: u32
//!    8  at: i64
//! ```
//!
//! A `table` is a struct that a minor version may make longer at its end; a `type` is abi_stable's, of
//! which size and alignment are all that matters here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use abi_stable::StableAbi;
use abi_stable::type_layout::{TLDataDiscriminant, TLField, TLFunction, TypeLayout};

use super::c::{CFilterTable, CLibrary};
use super::module::ModuleRef;

/// How a type may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Never.
    Struct,
    /// At its end.
    Table,
    /// Never; its insides belong to another crate.
    Type,
}

/// A type that crosses the border.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Type {
    kind: Kind,
    size: usize,
    align: usize,
    fields: Vec<Field>,
}

/// A field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    offset: usize,
    name: String,
    what: String,
}

/// The layouts of all types that can be reached from a root. `[any]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layouts {
    types: BTreeMap<String, Type>,
    /// Names in the order of first use.
    order: Vec<String>,
}

/// What one side has and the other has otherwise, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The type, or its field: `` `RawWake`, field `at` ``.
    pub place: String,
    /// What the older side has there.
    pub older: String,
    /// What the newer side has there.
    pub newer: String,
}

impl Layouts {
    /// Those of this version: what Rust plugins use, and then what others use beyond that.
    pub fn own() -> Self {
        Self::of(&[
            <ModuleRef as StableAbi>::LAYOUT,
            <CLibrary as StableAbi>::LAYOUT,
            <CFilterTable as StableAbi>::LAYOUT,
        ])
    }

    /// Those that can be reached from `roots`.
    pub fn of(roots: &[&'static TypeLayout]) -> Self {
        let mut layouts = Self::default();
        let mut seen = BTreeSet::new();
        for root in roots {
            layouts.add(root, &mut seen);
        }
        layouts
    }

    fn add(&mut self, layout: &'static TypeLayout, seen: &mut BTreeSet<String>) {
        let name = name(layout);
        if !seen.insert(name.clone()) {
            return;
        }
        let (size, align) = (layout.size(), layout.alignment());
        let known = match (layout.data_discriminant(), layout.package().as_str()) {
            // RVec, RString and their like.
            (_, "abi_stable") if name.starts_with('R') => {
                Some(Type { kind: Kind::Type, size, align, fields: Vec::new() })
            }
            // What a primitive or a pointer is needs no telling.
            (_, "abi_stable" | "std" | "core" | "alloc") => None,
            (TLDataDiscriminant::Struct | TLDataDiscriminant::PrefixType, _) => {
                let fields = fields(layout);
                // In C, a structure that tells its size may grow.
                let sized = fields.iter().any(|field| field.name == "size");
                let table = layout.is_prefix_kind() || sized;
                let kind = if table { Kind::Table } else { Kind::Struct };
                Some(Type { kind, size, align, fields })
            }
            _ => None,
        };
        if let Some(known) = known {
            self.types.insert(name.clone(), known);
            self.order.push(name);
        }
        for inner in layout.shared_vars().type_layouts() {
            self.add(inner(), seen);
        }
    }

    /// Reads what [`Display`](fmt::Display) wrote; lines that begin with `#` are passed over.
    ///
    /// # Errors
    ///
    /// The first line that says nothing known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut layouts = Self::default();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let read = if line.starts_with(' ') {
                parse_field(line).and_then(|field| {
                    layouts.types.get_mut(layouts.order.last()?)?.fields.push(field);
                    Some(())
                })
            } else {
                parse_head(line).map(|(name, head)| {
                    layouts.types.insert(name.clone(), head);
                    layouts.order.push(name);
                })
            };
            read.ok_or_else(|| format!("no layout: `{line}`"))?;
        }
        Ok(layouts)
    }

    /// What keeps a library of the `self` version from working with one of the `newer` version: all but
    /// functions appended to tables, and types that are new.
    pub fn broken_by(&self, newer: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut gone = Vec::new();
        for name in &self.order {
            let own = &self.types[name];
            match newer.types.get(name) {
                None => gone.push(Difference {
                    place: format!("`{name}`"),
                    older: own.head(name),
                    newer: "no such type".to_owned(),
                }),
                Some(other) => own.compare(name, other, &mut differences),
            }
        }
        // A field that has another type explains why nothing leads to its old one any more.
        if differences.is_empty() { gone } else { differences }
    }

    /// What the `newer` version has beyond this one, a line each.
    pub fn appended_by(&self, newer: &Self) -> Vec<String> {
        let mut appended = Vec::new();
        for name in &newer.order {
            let other = &newer.types[name];
            match self.types.get(name) {
                None => appended.push(other.head(name)),
                Some(own) => appended.extend(
                    other
                        .fields
                        .iter()
                        .skip(own.fields.len())
                        .map(|field| format!("`{name}`: {}", field.told())),
                ),
            }
        }
        appended
    }
}

impl Field {
    /// In a sentence.
    fn told(&self) -> String {
        format!("`{}: {}` at byte {}", self.name, self.what, self.offset)
    }
}

impl Type {
    fn head(&self, name: &str) -> String {
        let kind = match self.kind {
            Kind::Struct => "struct",
            Kind::Table => "table",
            Kind::Type => "type",
        };
        format!("{kind} {name}, {} bytes, align {}", self.size, self.align)
    }

    fn compare(&self, name: &str, newer: &Self, differences: &mut Vec<Difference>) {
        let before = differences.len();
        let grows = self.kind == Kind::Table;
        for (at, own) in self.fields.iter().enumerate() {
            let other = newer.fields.get(at);
            if other != Some(own) {
                differences.push(Difference {
                    place: format!("`{name}`, field `{}`", own.name),
                    older: own.told(),
                    newer: other.map_or_else(|| "nothing".to_owned(), Field::told),
                });
            }
        }
        if let (false, Some(more)) = (grows, newer.fields.get(self.fields.len())) {
            differences.push(Difference {
                place: format!("`{name}`, field `{}`", more.name),
                older: "nothing".to_owned(),
                newer: more.told(),
            });
        }
        let same = self.kind == newer.kind && self.align == newer.align;
        if differences.len() == before && (!same || (!grows && self.size != newer.size)) {
            differences.push(Difference {
                place: format!("`{name}`"),
                older: self.head(name),
                newer: newer.head(name),
            });
        }
    }
}

/// The type's name with its parameters, which abi_stable's own types do not show.
fn name(layout: &'static TypeLayout) -> String {
    let inner = || layout.get_fields().into_iter().flat_map(|fields| fields.to_vec());
    let inner = || inner().map(|field| name(field.layout()));
    match layout.name() {
        own @ ("RVec" | "RSlice") => {
            let pointer = inner().next().unwrap_or_default();
            let pointee = pointer.strip_prefix("NonNull<").and_then(|it| it.strip_suffix('>'));
            let pointee = pointee.or(pointer.strip_prefix("*const ")).unwrap_or(&pointer);
            format!("{own}<{}>", reference(pointee))
        }
        own @ ("RResult" | "ROption") => {
            format!("{own}<{}>", inner().collect::<Vec<_>>().join(", "))
        }
        _ => reference(&one_line(&layout.full_type().to_string())),
    }
}

/// `PrefixRef<'a, FilterTable>` as `&FilterTable`; lifetimes do not matter to a layout.
fn reference(name: &str) -> String {
    match name.strip_prefix("PrefixRef<'a, ").and_then(|it| it.strip_suffix('>')) {
        Some(table) => format!("&{table}"),
        None => name.replace("<'a>", ""),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A function's parameters and result; who may call it, and when, is for the doc comments.
fn signature(function: TLFunction) -> String {
    let parameters: Vec<String> =
        function.param_type_layouts.iter().map(|parameter| name(parameter())).collect();
    let result = function.return_type_layout().map(|result| format!(" -> {}", name(result())));
    format!("fn({}){}", parameters.join(", "), result.unwrap_or_default())
}

/// All of them are `repr(C)`: each field stands at the next place that its alignment allows.
fn fields(layout: &'static TypeLayout) -> Vec<Field> {
    let mut end = 0_usize;
    let fields = layout.get_fields().into_iter().flat_map(|fields| fields.to_vec());
    let place = |field: TLField| {
        let offset = end.next_multiple_of(field.layout().alignment().max(1));
        end = offset + field.layout().size();
        let function = field.function_range().iter().next();
        let what = function.map_or_else(|| name(field.layout()), signature);
        Field { offset, name: field.name().to_owned(), what }
    };
    fields.map(place).collect()
}

fn parse_head(line: &str) -> Option<(String, Type)> {
    let (kind, rest) = line.split_once(' ')?;
    let kind = match kind {
        "struct" => Kind::Struct,
        "table" => Kind::Table,
        "type" => Kind::Type,
        _ => return None,
    };
    let (rest, align) = rest.rsplit_once(", align ")?;
    let (name, size) = rest.strip_suffix(" bytes")?.rsplit_once(", ")?;
    let (size, align) = (size.parse().ok()?, align.parse().ok()?);
    Some((name.to_owned(), Type { kind, size, align, fields: Vec::new() }))
}

fn parse_field(line: &str) -> Option<Field> {
    let (offset, rest) = line.trim_start().split_once("  ")?;
    let (name, what) = rest.split_once(": ")?;
    Some(Field { offset: offset.parse().ok()?, name: name.to_owned(), what: what.to_owned() })
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:4}  {}: {}", self.offset, self.name, self.what)
    }
}

impl fmt::Display for Layouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.order {
            writeln!(f, "{}", self.types[name].head(name))?;
            for field in &self.types[name].fields {
                writeln!(f, "{field}")?;
            }
        }
        Ok(())
    }
}
