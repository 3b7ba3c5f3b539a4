//! Filters that misbehave on purpose, in the call that their settings name.

mod mischief;
mod renderer;
mod source;
mod transform;

use driftless_plugin_api::export_plugin;

use renderer::Discard;
use source::Pulse;
use transform::Pass;

export_plugin! {
    source(Pulse),
    transform(Pass),
    renderer(Discard),
}
