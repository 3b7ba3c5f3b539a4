//! Prints `driftless.h`: `cargo xtask header` writes it to its place.

fn main() {
    print!("{}", driftless_c_plugin::header());
}
