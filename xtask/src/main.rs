//! Set-up, checks, demo and benches of this repository.

mod bench;
mod command;
mod demo;
mod packages;
mod semantics;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
Set-up, checks, demo and benches of this repository.

Usage: cargo xtask COMMAND

Commands:
  demo          Install what is missing, build, and run examples/av-live.toml for 20 s
  test          Install what is missing, and run everything that CI runs
  interop       Only the runs on real sound servers; `-- --help` for what can be chosen
  bench NAME    engine: what the graph costs (`table`, `table --long`, `counts`); rate-match: the
                clock-following scenarios; resampler: builds our slot library
  semantics     Which test proves which requirement; `--write` makes docs/semantics.md anew
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
        ["semantics", rest @ ..] => semantics::run(rest),
        ["setup"] => {
            packages::install(packages::BUILD).and_then(|()| packages::install(packages::TEST))
        }
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
