//! A library whose header hides the layouts of its types, so that nothing can be checked.
#![allow(unsafe_code)] // the exported symbol, by hand

use driftless_plugin_api::abi::abi_stable::library::{
    CheckTypeLayout, LibHeader, RootModuleError, RootModuleResult,
};
use driftless_plugin_api::abi::abi_stable::std_types::RResult;
use driftless_plugin_api::abi::module::ModuleRef;

#[used]
#[unsafe(link_section = ".driftless")]
static DESCRIPTOR: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

extern "C" fn module() -> RootModuleResult {
    RResult::RErr(RootModuleError::Unwound)
}

#[unsafe(export_name = "driftless_plugin_hidden_layouts")]
static HEADER: LibHeader =
    // SAFETY: `module` never answers with a module.
    unsafe { LibHeader::from_constructor::<ModuleRef>(module, CheckTypeLayout::No) };
