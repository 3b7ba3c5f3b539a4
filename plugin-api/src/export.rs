//! Turning filters into a plugin library, or into filters that a program registers itself.

use crate::abi::filter::FactoryRef;
use crate::abi::glue::factory;
use crate::abi::role::{AsRenderer, AsSource, AsTransform};
use crate::filter::{Renderer, Source, Transform};

/// Filters with their descriptor, for a program that uses them without a library. `[main]`
///
/// Any number of plugin crates may be linked into one program: the symbol that each exports bears its
/// crate's name.
#[derive(Clone)]
pub struct Registration {
    /// The text of the descriptor, `plugin.toml`.
    pub descriptor: String,
    /// What makes each filter.
    pub factories: Vec<FactoryRef>,
}

impl Registration {
    /// No filters yet; `descriptor` is the text of a `plugin.toml` that describes those to come.
    pub fn new(descriptor: impl Into<String>) -> Self {
        Self { descriptor: descriptor.into(), factories: Vec::new() }
    }

    /// With a source.
    #[must_use]
    pub fn source<F: Source>(mut self) -> Self {
        self.factories.push(factory::<F, AsSource>());
        self
    }

    /// With a transform.
    #[must_use]
    pub fn transform<F: Transform>(mut self) -> Self {
        self.factories.push(factory::<F, AsTransform>());
        self
    }

    /// With a renderer.
    #[must_use]
    pub fn renderer<F: Renderer>(mut self) -> Self {
        self.factories.push(factory::<F, AsRenderer>());
        self
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.factories.iter().map(|factory| factory.id()).collect();
        f.debug_struct("Registration").field("filters", &ids).finish_non_exhaustive()
    }
}

/// Makes a plugin library of filters. The descriptor is the crate's `plugin.toml`.
///
/// ```ignore
/// driftless_plugin_api::export_plugin! {
///     transform(Gain),
/// }
/// ```
///
/// Any number of `source(Type)`, `transform(Type)` and `renderer(Type)` may follow each other. Besides
/// the exported symbol and the descriptor's section, the macro defines `registration()`, which an
/// embedder calls instead of loading the library. Symbol and section stand behind the calling crate's
/// feature `export`, which has to be a default feature; a plugin library that is built on another
/// plugin's crate switches it off there, because a library can be one plugin only.
#[macro_export]
macro_rules! export_plugin {
    ($($role:ident($filter:ty)),+ $(,)?) => {
        #[cfg(not(panic = "unwind"))]
        compile_error!("a plugin must be built with panic = \"unwind\": an aborting panic would end the host");

        /// These filters, for a program that uses them without loading the library. `[main]`
        pub fn registration() -> $crate::Registration {
            $crate::Registration::new(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml")))
                $(.$role::<$filter>())+
        }

        #[cfg(feature = "export")]
        #[allow(unsafe_code)]
        const _: () = {
            const DESCRIPTOR: &[u8] =
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));

            // Only read from the file; `used` keeps the compiler from dropping it, and `module` the linker.
            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__driftless"))]
            #[cfg_attr(windows, unsafe(link_section = ".drift"))]
            #[cfg_attr(not(any(windows, target_vendor = "apple")), unsafe(link_section = ".driftless"))]
            static SECTION: [u8; DESCRIPTOR.len()] = *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));

            extern "C" fn factories() -> $crate::abi::abi_stable::std_types::RVec<$crate::abi::filter::FactoryRef> {
                registration().factories.into()
            }

            extern "C" fn module() -> $crate::abi::abi_stable::library::RootModuleResult {
                use $crate::abi::abi_stable::prefix_type::PrefixTypeTrait as _;
                // Linkers drop what nothing refers to; of newer compilers than 1.85 `used` is enough.
                std::hint::black_box(&SECTION);
                $crate::abi::panic::install_hook();
                fn root() -> $crate::abi::module::ModuleRef {
                    $crate::abi::module::Module { factories }.leak_into_prefix()
                }
                $crate::abi::abi_stable::library::__call_root_module_loader(root)
            }

            // `ENTRY_PREFIX` and the crate's name; an attribute takes no constant.
            #[unsafe(export_name = concat!("driftless_plugin_", env!("CARGO_CRATE_NAME")))]
            static HEADER: $crate::abi::abi_stable::library::LibHeader =
                // SAFETY: `module` answers with a `ModuleRef` and nothing else.
                unsafe {
                    $crate::abi::abi_stable::library::LibHeader::from_constructor::<$crate::abi::module::ModuleRef>(
                        module,
                        $crate::abi::abi_stable::library::CheckTypeLayout::Yes,
                    )
                };
        };
    };
}
