//! The table: what was measured, what must be reached, and the peer of the same run.

use std::fs;
use std::time::Duration;

use crate::programs::{self, case};

/// How long the long cases are.
#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    /// 256 live sources, seconds.
    pub sources_s: usize,
    /// Soak in real time, seconds.
    pub soak_s: usize,
    /// Soak in virtual time, seconds.
    pub virtual_s: usize,
}

struct Row {
    what: String,
    reached: String,
    must: &'static str,
    met: bool,
}

type Rows = Result<Vec<Row>, String>;

fn row(what: &str, reached: String, must: &'static str, met: bool) -> Row {
    Row { what: what.to_owned(), reached, must, met }
}

/// Measures what is named, or everything, and prints it as it comes. Returns whether all that must be
/// reached was.
pub fn print(lengths: Lengths, names: &[&str]) -> bool {
    let parts: [(&str, &dyn Fn() -> Rows); 10] = [
        ("hop", &hop),
        ("tee", &tee),
        ("chain", &chain),
        ("sources", &|| sources(lengths.sources_s)),
        ("virtual", &virtual_time),
        ("steady", &steady),
        ("starts", &starts),
        ("idle", &idle),
        ("soak", &|| soak("real", "soak", lengths.soak_s)),
        ("days", &|| soak("virtual", "day", lengths.virtual_s)),
    ];
    println!("{:<58} {:>30}   {:<26} met", "case", "reached", "must reach");
    let mut all = true;
    for (name, part) in parts {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        match part() {
            Ok(rows) => rows.iter().for_each(|Row { what, reached, must, met }| {
                all &= met;
                let met = if *met { "yes" } else { "NO" };
                println!("{what:<58} {reached:>30}   {must:<26} {met}");
            }),
            Err(why) => {
                all = false;
                println!("{name}: not measured: {why}");
            }
        }
    }
    all
}

/// The best of three: what disturbs a run only makes it longer.
fn best(words: &str, figure: &str) -> Result<f64, String> {
    let mut best = f64::MAX;
    for _ in 0..3 {
        best = best.min(case(words)?[figure]);
    }
    Ok(best)
}

fn hop() -> Rows {
    let one = best("chain 1 3000000", "ns_a_sample")?;
    let few = (best("chain 9 3000000", "ns_a_sample")? - one) / 8.0;
    let many = (best("chain 101 300000", "ns_a_sample")? - one) / 100.0;
    let text = format!("{few:.1} ns");
    let mut rows =
        vec![row("one hop, pass-through filters, 8 in a row", text, "15 ns", few <= 15.0)];
    if programs::is_there("gst-launch-1.0") {
        let (short, _) = programs::gstreamer(10, 100_000)?;
        let (long, _) = programs::gstreamer(110, 100_000)?;
        let peer = (long - short) * 1e9 / 100.0 / 100_000.0;
        let text = format!("{many:.1} ns");
        rows.push(row("  100 in a row", text, "a tenth of GStreamer's", many <= peer / 10.0));
        let times = format!("{peer:.0} ns, {:.0} times", peer / many);
        rows.push(row("  GStreamer's identity, 100 in a row", times, "", true));
    } else {
        rows.push(row("  100 in a row", format!("{many:.1} ns"), "", true));
    }
    Ok(rows)
}

/// Blocks of 10 ms a second, for each branch.
const BLOCKS: f64 = 100.0;

fn tee() -> Rows {
    let seconds = 20;
    let cost = |branches: usize| best(&format!("tee {branches} {seconds}"), "processor_s");
    let (few, some, many) = (cost(4)?, cost(32)?, cost(128)?);
    let each = |more: f64, less: f64, branches: f64| {
        (more - less) * 1e6 / branches / BLOCKS / f64::from(seconds)
    };
    let (first, second) = (each(some, few, 28.0), each(many, some, 96.0));
    let text = format!("{first:.1} then {second:.1} µs");
    let met = second < 1.5 * first;
    Ok(vec![row("tee to mixer, a branch and 480 frames: 4-32, 32-128", text, "linear", met)])
}

fn chain() -> Rows {
    let start = best("chain 1000 1000", "start_ms")?;
    let memory = best("chain 1000 1000", "memory_kib")? / 1000.0;
    let mut rows = vec![
        row("chain of 1,000 filters, start", format!("{start:.0} ms"), "100 ms", start <= 100.0),
        row("  memory a filter", format!("{memory:.1} KiB"), "8 KiB", memory <= 8.0),
    ];
    if programs::is_there("gst-launch-1.0") {
        let (_, real) = programs::gstreamer(1000, 1)?;
        rows.push(row("  GStreamer, start and end", format!("{:.0} ms", real * 1e3), "", true));
    }
    Ok(rows)
}

fn sources(seconds: usize) -> Rows {
    let it = case(&format!("sources 256 {seconds}"))?;
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| usize::from(cores) as f64);
    let (core, lost, threads) = (it["core_percent"], it["lost"], it["threads"]);
    // Two kinds of threads, those with a deadline and those without, with one to spare each, and the main thread.
    let most = 2.0 * (cores + 1.0) + 1.0;
    Ok(vec![
        row(
            &format!("256 live sources, matched and mixed, {seconds} s"),
            format!("{core:.0} % of a core"),
            "60 %",
            core <= 60.0,
        ),
        row("  underruns, late and lost", format!("{lost:.0}"), "0", lost == 0.0),
        row("  threads", format!("{threads:.0}"), "bounded by cores", threads <= most),
        row("  wake-ups a second", format!("{:.0}", it["wakeups_a_second"]), "", true),
    ])
}

fn virtual_time() -> Rows {
    let times = 20.0 / best("mix 100 20", "processor_s")?;
    let what = "100 live sources, matched and mixed, in virtual time";
    Ok(vec![row(what, format!("{times:.1} times real time"), "20 times", times >= 20.0)])
}

fn steady() -> Rows {
    let count = programs::guarded("sources 64 3")?;
    let text = format!("{count:.0} in 1.5 s");
    Ok(vec![row("allocations, locks, system calls of 64 sources", text, "0", count == 0.0)])
}

fn starts() -> Rows {
    let graph = "examples/av-live.toml";
    let check = programs::best_ms(10, || programs::driftless(&["check", graph]))?;
    let plan = programs::best_ms(10, || programs::driftless(&["plan", graph]))?;
    let folder = std::env::temp_dir().join(format!("driftless-costs-{}-files", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let sound = first_sound(&folder, graph);
    let scan = scan(&folder);
    // What stays behind lies in the system's own folder for that.
    let _ = fs::remove_dir_all(&folder);
    let (sound, scan) = (sound?, scan?);
    Ok(vec![
        row("`driftless check`", format!("{check:.1} ms"), "20 ms", check <= 20.0),
        row("`driftless plan`", format!("{plan:.1} ms"), "20 ms", plan <= 20.0),
        row(
            "`driftless run`: first frames played",
            format!("{sound:.0} ms"),
            "50 ms",
            sound <= 50.0,
        ),
        row("scan of 200 libraries, cold", format!("{scan:.0} ms"), "50 ms", scan <= 50.0),
    ])
}

/// The virtual device writes what it plays: the first frames are there when the file grows.
fn first_sound(folder: &std::path::Path, graph: &str) -> Result<f64, String> {
    let mut best = f64::MAX;
    for number in 0..5 {
        let file = folder.join(format!("first{number}.wav"));
        let device = format!("speakers.device=wav:{}", file.display());
        let run =
            programs::driftless(&["run", graph, "--for", "300ms", "--quiet", "--set", &device]);
        let has_frames = || fs::metadata(&file).is_ok_and(|file| file.len() > 1000);
        best = best.min(programs::ms_until(run, has_frames)?);
    }
    Ok(best)
}

/// 200 copies of a library, read by `driftless plugins`, after the system was asked to forget them.
fn scan(folder: &std::path::Path) -> Result<f64, String> {
    let library = format!("libdriftless_gain{}", std::env::consts::DLL_SUFFIX);
    let original = crate::graphs::libraries().join(&library);
    for number in 0..200 {
        let copy = folder.join(format!("{number}{library}"));
        fs::copy(&original, copy).map_err(|error| error.to_string())?;
    }
    let text = folder.to_string_lossy().into_owned();
    let mut best = f64::MAX;
    for _ in 0..3 {
        // `dd` with no blocks and this flag is how a shell drops a file from the cache.
        let forget = format!(
            "sync; for f in '{text}'/*; do dd if=\"$f\" iflag=nocache count=0 status=none; done"
        );
        let _ = std::process::Command::new("bash").args(["-c", &forget]).status();
        best = best.min(programs::best_ms(1, || {
            let mut command =
                std::process::Command::new(crate::graphs::libraries().join("driftless"));
            command.args(["plugins", "--plugins", &text]);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command
        })?);
    }
    Ok(best)
}

fn idle() -> Rows {
    let words = ["run", "examples/av-live.toml", "--for", "12s", "--quiet"];
    let mut command = programs::driftless(&words);
    command.args(["--set", "speakers.device=virtual"]);
    let length = Duration::from_secs(10);
    let (percent, wakeups) = programs::core_percent(command, length)?;
    let bare = programs::bare_loop_percent(wakeups, length);
    Ok(vec![
        row(
            "examples/av-live.toml, virtual device, while it runs",
            format!("{percent:.2} % of a core"),
            "0.5 %",
            percent <= 0.5,
        ),
        row("  wake-ups a second", format!("{wakeups:.0}"), "", true),
        row("  a bare loop that is woken as often", format!("{bare:.2} %"), "", true),
        row(
            "  wake-ups of a bare loop that 0.5 % pay for",
            format!("{:.0}", wakeups * 0.5 / bare),
            "",
            true,
        ),
    ])
}

fn soak(time: &str, words: &str, seconds: usize) -> Rows {
    let it = case(&format!("{words} {seconds}"))?;
    let (memory, open, lost) = (it["memory_growth_kib"], it["handles_growth"], it["lost"]);
    // A block each 10 ms, but for what is on its way: counters that drift miss it.
    let missing = (it["seconds"] * BLOCKS - it["blocks"]).abs();
    let text = format!("{memory:.0} KiB, {open:.0} handles, {lost:.0} lost");
    let met = memory < 256.0 && open == 0.0 && lost == 0.0 && missing < 40.0;
    let what = format!("soak of 8 sources, {seconds} s of {time} time");
    Ok(vec![row(&what, text, "flat", met)])
}
