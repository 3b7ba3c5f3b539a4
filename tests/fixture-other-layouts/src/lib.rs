//! A library that says the right version, but whose root has another layout.
#![allow(unsafe_code)] // the exported symbol, by hand
#![allow(non_snake_case, missing_docs)] // abi_stable's derive writes items without docs

use abi_stable::StableAbi;
use abi_stable::library::{
    CheckTypeLayout, LibHeader, RootModule, RootModuleError, RootModuleResult,
};
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::RResult;

/// A root like plugin-api's by name, but not by type.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ModuleRef)))]
#[sabi(missing_field(option))]
pub struct Module {
    /// Something else.
    #[sabi(last_prefix_field)]
    pub factories: extern "C" fn(u64) -> u64,
}

impl RootModule for ModuleRef {
    abi_stable::declare_root_module_statics! {ModuleRef}
    const BASE_NAME: &'static str = "driftless";
    const NAME: &'static str = "driftless";
    const VERSION_STRINGS: VersionStrings = VersionStrings::new("1.0.0");
}

#[used]
#[unsafe(link_section = ".driftless")]
static DESCRIPTOR: [u8; include_bytes!("../plugin.toml").len()] = *include_bytes!("../plugin.toml");

extern "C" fn module() -> RootModuleResult {
    RResult::RErr(RootModuleError::Unwound)
}

#[unsafe(export_name = "driftless_plugin_other_layouts")]
static HEADER: LibHeader =
    // SAFETY: `module` never answers with a module.
    unsafe { LibHeader::from_constructor::<ModuleRef>(module, CheckTypeLayout::Yes) };
