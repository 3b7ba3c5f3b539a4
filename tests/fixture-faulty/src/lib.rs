//! Filters that are right but for one fault, which their setting names: what the checks of
//! driftless-conformance are tried on. Each fault fails exactly one check.

mod asks;
mod renderer;
mod source;
mod transform;

use driftless_plugin_api::export_plugin;

use renderer::FaultyRenderer;
use source::FaultySource;
use transform::FaultyTransform;

export_plugin! {
    source(FaultySource),
    transform(FaultyTransform),
    renderer(FaultyRenderer),
}
