//! The C header, made of plugin-api's sources.

use std::collections::HashMap;
use std::fmt::Write;

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language};
use driftless_plugin_api::abi::abi_stable::library::RootModule;
use driftless_plugin_api::abi::c::MAGIC;
use driftless_plugin_api::abi::filter::OUTPUT;
use driftless_plugin_api::abi::module::ModuleRef;
use driftless_plugin_api::{EventCode, SampleFlags, Status};

use crate::repository;

/// The files in which the types are that C sees.
const SOURCES: [&str; 8] = [
    "abi/status.rs",
    "abi/buffer.rs",
    "abi/media.rs",
    "abi/sample.rs",
    "abi/wake.rs",
    "abi/host.rs",
    "capability/renderer_statistics.rs",
    "abi/c.rs",
];

/// What each type is called in C, beside `driftless_`.
const NAMES: &[(&str, &str)] = &[
    ("Status", "status"),
    ("RawBuffer", "buffer"),
    ("RawMedia", "media"),
    ("RawSample", "sample"),
    ("RawWake", "wake"),
    ("RawMarker", "marker"),
    ("RawOutput", "output"),
    ("RawClockState", "clock_state"),
    ("RawClockReading", "clock_reading"),
    ("RawUpstream", "upstream"),
    ("Statistics", "statistics"),
    ("CLibrary", "library"),
    ("CFactory", "factory"),
    ("CReason", "reason"),
    ("CSetting", "setting"),
    ("CCounter", "counter"),
    ("CFilterTable", "filter_table"),
    ("CLatency", "latency"),
    ("CPushSource", "push_source"),
    ("CClock", "clock"),
    ("CClockSlave", "clock_slave"),
    ("CRendererStatistics", "renderer_statistics"),
    ("CStreamControl", "stream_control"),
    ("CPins", "pins"),
    ("CHost", "host"),
    ("CHostTable", "host_table"),
];

const HEAD: &str = "\
/* driftless.h: filter plugins for driftless in C and C++.

   Made from plugin-api by `cargo xtask header`; change it there. Whole plugins to copy from are in the
   folders examples/c-gain and examples/cpp-tone. `[main]`, `[streaming]` and `[device]` say which thread
   calls; on `[device]` nothing allocates, frees, locks, logs or enters the kernel. */";

/// The C name of a Rust type.
pub fn c_name(rust: &str) -> Option<String> {
    NAMES.iter().find(|(name, _)| *name == rust).map(|(_, c)| format!("driftless_{c}"))
}

/// The text of `driftless.h`.
///
/// # Panics
///
/// If plugin-api's sources cannot be read as Rust.
pub fn header() -> String {
    let mut rename: HashMap<String, String> =
        NAMES.iter().map(|(rust, c)| ((*rust).to_owned(), format!("driftless_{c}"))).collect();
    rename.insert("AtomicUsize".to_owned(), "size_t".to_owned());
    let config = Config {
        language: Language::C,
        cpp_compat: true,
        header: Some(HEAD.to_owned()),
        include_guard: Some("DRIFTLESS_H".to_owned()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h", "string.h"].map(str::to_owned).into(),
        documentation_style: DocumentationStyle::C99,
        usize_is_size_t: true,
        export: ExportConfig {
            include: vec!["CLibrary".to_owned(), "CFilterTable".to_owned()],
            exclude: vec!["MAGIC".to_owned()],
            rename,
            ..ExportConfig::default()
        },
        ..Config::default()
    };
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(repository().join("plugin-api/src").join(source));
    }
    let mut bytes = Vec::new();
    builder.generate().expect("plugin-api is Rust").write(&mut bytes);
    let text = String::from_utf8(bytes).expect("cbindgen writes UTF-8");
    let (types, end) = text.rsplit_once("#endif  /* DRIFTLESS_H */").expect("the guard's end");
    let after = include_str!("../../../plugin-api/c/after.h");
    format!("{}\n{}\n{after}\n#endif  /* DRIFTLESS_H */{end}", in_c(types.trim_end()), constants())
}

/// Links of Rust's documentation in C's words.
fn in_c(text: &str) -> String {
    let mut text = text.replace("[`", "`").replace("`]", "`").replace("crate::", "");
    for (rust, c) in NAMES {
        text = text.replace(&format!("`{rust}`"), &format!("`driftless_{c}`"));
    }
    text
}

fn constants() -> String {
    let mut out = String::from("\n/* What a call answers; zero or more is success. */\n");
    for (name, status) in Status::ALL {
        let _ = writeln!(out, "#define DRIFTLESS_{name} ({})", status.0);
    }
    out += "\n/* Codes of events. */\n";
    for code in EventCode::ALL {
        let name = code.name().to_uppercase().replace('-', "_");
        let _ = writeln!(out, "#define DRIFTLESS_EVENT_{name} {:#x}u", code.0);
    }
    out += "\n/* Flags of samples. */\n";
    for (name, flag) in [
        ("SPLICE_POINT", SampleFlags::SPLICE_POINT),
        ("PREROLL", SampleFlags::PREROLL),
        ("DISCONTINUITY", SampleFlags::DISCONTINUITY),
        ("TYPE_CHANGED", SampleFlags::TYPE_CHANGED),
        ("TIME_VALID", SampleFlags::TIME_VALID),
        ("TIME_DISCONTINUITY", SampleFlags::TIME_DISCONTINUITY),
        ("FLUSH_ON_PAUSE", SampleFlags::FLUSH_ON_PAUSE),
        ("STOP_VALID", SampleFlags::STOP_VALID),
        ("MEDIA_TIME_VALID", SampleFlags::MEDIA_TIME_VALID),
        ("ARRIVAL_VALID", SampleFlags::ARRIVAL_VALID),
    ] {
        let _ = writeln!(out, "#define DRIFTLESS_SAMPLE_{name} {:#x}u", flag.0);
    }
    let mut version = ModuleRef::VERSION_STRINGS.version.as_str().split('.');
    let mut part = || version.next().expect("a version has three parts");
    let (major, minor) = (part(), part());
    let _ = write!(
        out,
        "\n/* The version of this header. */\n#define DRIFTLESS_MAJOR {major}\n#define DRIFTLESS_MINOR \
         {minor}\n#define DRIFTLESS_MAGIC {MAGIC:#x}u\n\n/* The bit of output pins. */\n\
         #define DRIFTLESS_OUTPUT {OUTPUT:#x}u\n"
    );
    out
}
