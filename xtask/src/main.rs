//! Set-up, checks, demo and benches of this repository.

mod bench;
mod command;
mod cross;
mod demo;
mod keep;
mod packages;
mod semantics;
mod test;

use std::process::{Command, ExitCode};

use command::repository;

const HELP: &str = "\
Set-up, checks, demo and benches of this repository.

Usage: cargo xtask COMMAND

Commands:
  demo          Install what is missing, build, and run examples/av-live.toml for 20 s
  test          Install what is missing, and run everything that CI runs
  interop       Only the runs on real sound servers; `-- --help` for what can be chosen
  bench NAME    engine: what the graph costs (`table`, `table --long`, `counts`); rate-match: the
                clock-following scenarios; resampler: builds our slot library
  cross         Check and test rate-match for AArch64, under qemu, which takes six minutes; with
                `--test resampler` only those tests
  semantics     Which test proves which requirement; `--write` makes docs/semantics.md anew
  abi           Print the layout of all that crosses the border to plugins, as plugin-api/abi keeps it
  header        Write plugin-api/c/driftless.h anew
  keep RUSTC…   Add plugins that these compilers build to tests/versions/libraries
  compilers RUSTC…  Build a plugin with these compilers, or all that there are, and load what they have built
  setup         Only install what is missing

Exit status: 0 done; 1 something failed.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["demo"] => demo::play(),
        ["test"] => test::run_all(),
        ["interop", rest @ ..] => test::interop(rest),
        ["bench", name, rest @ ..] => bench::run_bench(name, rest),
        ["cross", rest @ ..] => cross::run_aarch64(rest),
        ["semantics", rest @ ..] => semantics::run(rest),
        ["abi"] => printed(&["-p", "driftless-plugin-api", "--example", "abi"])
            .map(|layouts| print!("{layouts}")),
        ["header"] => write_header(),
        ["keep", compilers @ ..] => keep::keep(compilers),
        ["compilers", compilers @ ..] => keep::try_compilers(compilers),
        ["setup"] => [packages::BUILD, packages::DEVICE, packages::TEST]
            .into_iter()
            .try_for_each(packages::install),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("`{}` is no command of xtask\n\n{HELP}", words.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("xtask: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the C header; a test says when that is needed.
fn write_header() -> Result<(), String> {
    let header = printed(&["-p", "driftless-c-plugin"])?;
    let place = repository().join("plugin-api/c/driftless.h");
    std::fs::write(&place, header).map_err(|error| format!("{}: {error}", place.display()))
}

/// What a program of this repository prints.
fn printed(program: &[&str]) -> Result<String, String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet"]).args(program).current_dir(repository());
    let done = cargo.output().map_err(|error| format!("cargo could not be started: {error}"))?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }
}
