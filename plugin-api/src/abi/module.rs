//! The root of a library: what its one exported symbol leads to.
#![allow(non_snake_case, missing_docs)] // abi_stable's derive writes items without docs

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::package_version_strings;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::RVec;

use super::filter::FactoryRef;

/// What a library offers.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ModuleRef)))]
#[sabi(missing_field(option))]
pub struct Module {
    /// The filters that it can make.
    #[sabi(last_prefix_field)]
    pub factories: extern "C" fn() -> RVec<FactoryRef>,
}

impl RootModule for ModuleRef {
    abi_stable::declare_root_module_statics! {ModuleRef}
    const BASE_NAME: &'static str = "driftless";
    const NAME: &'static str = "driftless";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

/// What the one exported symbol of a plugin in Rust begins with; the crate's name follows, so that
/// plugins which are linked into one program do not collide. It leads to abi_stable's header.
pub const ENTRY_PREFIX: &str = "driftless_plugin_";

/// The one exported symbol of a plugin in another language; it is a [`CLibrary`](super::c::CLibrary).
pub const C_ENTRY_SYMBOL: &str = "driftless_c_plugin";

/// The section in which a library carries its descriptor.
pub const DESCRIPTOR_SECTION: &str = if cfg!(target_vendor = "apple") {
    "__driftless"
} else if cfg!(windows) {
    ".drift"
} else {
    ".driftless"
};
