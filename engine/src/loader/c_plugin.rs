//! Plugins in C: their structures checked, and put behind the tables of functions that Rust plugins have.
//!
//! | module    | does                                                                        |
//! |-----------|-----------------------------------------------------------------------------|
//! | `tables`  | the tables; what is called with every sample is the plugin's own function   |
//! | `host`    | what a filter in C gets from us                                             |
//! | `settings`| settings in C's words                                                       |
#![allow(unsafe_code)] // the border to C

mod host;
mod settings;
mod tables;

use std::ffi::{CStr, c_char};
use std::slice;

use driftless_plugin_api::abi::abi_stable::library::RootModule;
use driftless_plugin_api::abi::abi_stable::sabi_types::VersionNumber;
use driftless_plugin_api::abi::c::{CFactory, CFilterTable, CLibrary, CReason, MAGIC};
use driftless_plugin_api::abi::filter::RawFilter;
use driftless_plugin_api::abi::host::RawHost;
use driftless_plugin_api::abi::module::ModuleRef;
use driftless_plugin_api::{FilterError, Settings, Status};

use super::error::LoadError;
use super::library::Maker;
pub(super) use host::Lent;
use settings::CSettings;

/// What the entry symbol leads to.
pub(super) type Entry = *const CLibrary;

/// More factories than this in one library are a damaged file.
const MOST_FACTORIES: usize = 1024;

/// A factory of a library that is never closed, found to be whole.
#[derive(Clone, Copy)]
pub struct CFactoryRef {
    factory: &'static CFactory,
    id: &'static str,
}

impl CFactoryRef {
    /// The filter's id.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// 1 source, 2 transform, 3 renderer.
    pub fn kind(&self) -> u32 {
        self.factory.kind
    }

    /// Makes a filter. What is lent to it is to be kept until after its end. `[main]`
    ///
    /// # Errors
    ///
    /// What the filter said, or that its table is not whole.
    pub(super) fn create(
        &self,
        settings: &Settings,
        host: RawHost,
    ) -> Result<(RawFilter, Lent), FilterError> {
        let lent = Lent::new(host);
        let settings = CSettings::new(settings)?;
        let list = settings.list();
        let mut reason = no_reason();
        // SAFETY: the settings live during the call, and what is lent outlives the filter.
        let instance = unsafe {
            (self.factory.create)(list.as_ptr(), list.len(), lent.host(), &raw mut reason)
        };
        if instance.is_null() {
            return Err(failure(Status::FAIL, &reason));
        }
        // SAFETY: a filter begins with the pointer to its table, as the header says.
        let table = unsafe { instance.cast::<*const CFilterTable>().read() };
        // SAFETY: a table is constant and lives as long as its library.
        let Some(known) = (unsafe { table.as_ref() }) else {
            return Err(FilterError::new("the filter that it made has no table of functions"));
        };
        let (size, wanted) = (known.size as usize, CFilterTable::LEAST);
        if size < wanted {
            return Err(FilterError::new(format!(
                "the table of the filter that it made has {size} bytes; expected {wanted} or more"
            )));
        }
        Ok((RawFilter { instance, table: tables::filter(known) }, lent))
    }
}

/// The factories of a library, each found to be whole.
///
/// # Errors
///
/// What is not as the header says.
pub(super) fn makers(entry: Entry) -> Result<Vec<Maker>, LoadError> {
    let wrong = |what: String| Err(LoadError::CLibrary(what));
    // SAFETY: the symbol is a structure of the library, which is never closed.
    let Some(library) = (unsafe { entry.as_ref() }) else {
        return wrong("it is nothing".to_owned());
    };
    if library.magic != MAGIC {
        return wrong(format!("it begins with {:#x}; expected {MAGIC:#x}", library.magic));
    }
    let host = VersionNumber::new(ModuleRef::VERSION_STRINGS)
        .map_err(|error| LoadError::Init(error.to_string()))?;
    if library.major != host.major {
        return Err(LoadError::ApiMajor { host: host.major, plugin: library.major });
    }
    let (size, wanted) = (library.size as usize, CLibrary::LEAST);
    if size < wanted {
        return wrong(format!("it has {size} bytes; expected {wanted} or more"));
    }
    if library.factories.is_null() || !(1..=MOST_FACTORIES).contains(&library.count) {
        return wrong(format!(
            "it has {} factories; expected 1 to {MOST_FACTORIES}",
            library.count
        ));
    }
    // SAFETY: the library says that there are so many, and they are constant.
    let factories = unsafe { slice::from_raw_parts(library.factories, library.count) };
    let maker = |(number, factory): (usize, &*const CFactory)| {
        // SAFETY: as above.
        let factory = unsafe { factory.as_ref() }.ok_or(format!("factory {number} is nothing"))?;
        let (size, wanted) = (factory.size as usize, CFactory::LEAST);
        if size < wanted {
            return Err(format!("factory {number} has {size} bytes; expected {wanted} or more"));
        }
        // SAFETY: an id ends with a zero byte and lives as long as the library.
        let id =
            unsafe { text(factory.id) }.ok_or(format!("factory {number} has no id in UTF-8"))?;
        Ok(Maker::C(CFactoryRef { factory, id }))
    };
    factories.iter().enumerate().map(maker).collect::<Result<_, _>>().or_else(wrong)
}

/// A text that C wrote, unless it is null or no UTF-8.
///
/// # Safety
///
/// It is null, or ends with a zero byte and lives for `'a`.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's own promise.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

fn no_reason() -> CReason {
    CReason { text: [0; 256] }
}

/// A failure with the reason that was written, or the status in words.
fn failure(status: Status, reason: &CReason) -> FilterError {
    let bytes: Vec<u8> = reason
        .text
        .iter()
        .map(|&byte| byte.cast_unsigned())
        .take_while(|&byte| byte != 0)
        .collect();
    match String::from_utf8_lossy(&bytes) {
        text if text.is_empty() => status.into(),
        text => FilterError::with(status, text.into_owned()),
    }
}
