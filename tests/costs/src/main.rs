//! What the graph itself costs, beside what it may cost and beside GStreamer.
//!
//! | module     | what is in it                                                       |
//! |------------|---------------------------------------------------------------------|
//! | `table`    | every case, what it must reach, and the peer of the same run        |
//! | `counts`   | instruction counts beside the baseline in the repository            |
//! | `profile`  | where the time goes, as a picture in the documentation              |
//! | `cases`    | one case in this process                                            |
//! | `graphs`   | the graphs, as manifests                                            |
//! | `programs` | this program again, the command line, GStreamer, valgrind           |
//! | `measure`  | what a process has used                                             |

mod cases;
mod counts;
mod graphs;
mod measure;
mod profile;
mod programs;
mod table;

use std::process::ExitCode;

use table::Lengths;

const HELP: &str = "\
What the graph itself costs.

Usage: driftless-costs [COMMAND]

Commands:
  table [NAME …]         All cases (default), or these: hop, tee, chain, sources, virtual, steady, starts,
                         idle, soak, days
  table --long [NAME …]  The same with 60 s of 256 sources, a soak of 1 h, and one of 7 days virtual time (40 min of a core)
  counts                 Instruction counts beside tests/costs/baseline.json
  counts --keep          The same, and they become the baseline
  profile                Draw docs/cost-of-256-sources.svg from what perf sees
  case WORDS             One case, its figures as JSON

Exit status: 0 done; 1 something is above what it must reach, or failed; 2 the command line is wrong.";

const SHORT: Lengths = Lengths { sources_s: 20, soak_s: 100, virtual_s: 3600 };
const LONG: Lengths = Lengths { sources_s: 60, soak_s: 3600, virtual_s: 7 * 24 * 3600 };

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let bare: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match bare.as_slice() {
        [] => Ok(table::print(SHORT, &[])),
        ["table", "--long", names @ ..] => Ok(table::print(LONG, names)),
        ["table", names @ ..] => Ok(table::print(SHORT, names)),
        ["counts"] => counts::print(false).map(|()| true),
        ["counts", "--keep"] => counts::print(true).map(|()| true),
        ["profile"] => profile::draw().map(|()| true),
        ["case", ..] => cases::run(&words[1..]).map(|figures| {
            println!("{}", serde_json::json!(figures));
            true
        }),
        ["--help" | "-h"] => {
            println!("{HELP}");
            Ok(true)
        }
        _ => {
            eprintln!("driftless-costs: `{}` is no command\n\n{HELP}", bare.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("driftless-costs: {why}");
            ExitCode::FAILURE
        }
    }
}
