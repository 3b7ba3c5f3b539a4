//! Prints the layout of everything that crosses the border: `cargo xtask abi`.

use driftless_plugin_api::abi::layout::Layouts;

fn main() {
    print!("{}", Layouts::own());
}
