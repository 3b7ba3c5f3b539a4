//! Libraries are opened in a process of their own first: whatever they do there, the host goes on.
#![cfg(target_os = "linux")] // the libraries are compiled with gcc

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use driftless_c_plugin::{compile, repository};
use driftless_engine::loader::error::{LoadError, Step};
use driftless_engine::loader::library::{Loading, load_with};
use driftless_engine::loader::probe::{ProbeError, Prober, Tried};
use driftless_engine::loader::verdicts::Verdicts;
use driftless_engine::{Catalog, Manifest, Plan, RunOptions, Simulation};
use driftless_loading::{bytes, folder, misbehaving, program};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(1);
/// What is said of a trial that took longer.
const LATE: &str = "was not done after 1000 ms";

/// Compiles a library that does something when it is opened.
fn hostile(does: &str, to: &Path) {
    let source = repository().join("tests/loading/hostile.c");
    compile(&source, &[&format!("-DDOES={does}")], to);
}

fn prober(folder: &TempDir) -> Prober {
    Prober::new(program(), LIMIT).keeping(Verdicts::new(folder.path().join("verdicts.txt")))
}

/// The library of a good plugin, without what debuggers want.
fn good() -> Vec<u8> {
    let folder = folder(&[("good.so", &bytes("driftless-fixture-misbehaving"))]);
    let path = folder.path().join("good.so");
    assert!(Command::new("strip").arg(&path).status().unwrap().success());
    fs::read(path).unwrap()
}

#[test]
fn what_a_library_does_when_it_is_opened_ends_the_trial_and_not_the_host() {
    let table = [
        (
            "crash",
            "which ended with signal 11 (access to memory that is not its own) while its initialisers ran",
        ),
        ("give_up", "which ended with signal 6 (abort) while its initialisers ran"),
        ("leave", "which ended with exit status: 0 while its initialisers ran"),
        ("kill_all_around", "which ended with signal 9 (kill) while its initialisers ran"),
        ("loop", "which was not done after 1000 ms, while its initialisers ran"),
        ("sleep_on", "which was not done after 1000 ms, while its initialisers ran"),
        ("say_good", "which was not done after 1000 ms"),
        ("leave_a_child", "which was not done after 1000 ms, while its initialisers ran"),
        ("crash_at_the_end", "which ended with signal 11"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = |does: &str| folder.path().join(format!("{does}.so"));
    for (does, _) in table {
        hostile(does, &path(does));
    }
    let began = Instant::now();
    let tried = prober(&folder).try_all(table.map(|(does, _)| path(does)).into());
    assert!(began.elapsed() < 5 * LIMIT, "{:?}", began.elapsed());
    let mut wrong = Vec::new();
    for ((does, expected), tried) in table.iter().zip(tried) {
        let error = tried.expect_err(does);
        let (said, step) = (error.to_string(), error.step());
        if !said.contains(expected) || step != Step::Probe {
            wrong.push(format!("{does}: {step:?}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// 250 files of every kind of damage beside a good one. The seed is in every name.
fn damaged() -> TempDir {
    let good = good();
    let folder = folder(&[("0-good.so", &good)]);
    let path = |name: String| folder.path().join(name);
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for number in 0..70 {
        fs::write(path(format!("cut-{number}.so")), &good[..random(good.len())]).unwrap();
    }
    for number in 0..100 {
        let mut flipped = good.clone();
        for _ in 0..8 {
            flipped[random(good.len())] ^= 1 << random(8);
        }
        fs::write(path(format!("flipped-{number}.so")), flipped).unwrap();
    }
    for number in 0..10 {
        let mut other = good.clone();
        other[18] = 183 + number as u8; // e_machine: AArch64 and what follows it
        fs::write(path(format!("machine-{number}.so")), other).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg(path(format!("pipe-{number}.so")))
                .status()
                .unwrap()
                .success()
        );
    }
    for (does, count) in [
        ("crash", 20),
        ("give_up", 5),
        ("leave", 5),
        ("loop", 10),
        ("sleep_on", 10),
        ("say_good", 5),
    ] {
        let first = path(format!("{does}-0.so"));
        hostile(does, &first);
        for number in 1..count {
            fs::copy(&first, path(format!("{does}-{number}.so"))).unwrap();
        }
    }
    for number in 0..5 {
        fs::create_dir(path(format!("folder-{number}.so"))).unwrap();
    }
    folder
}

/// Reading alone opens nothing; trying opens each elsewhere. Both within two seconds on an idle machine
/// with two cores, where the limit of a trial is one; on a busy one this test only says how long it took.
#[test]
fn a_folder_of_250_damaged_libraries_neither_ends_nor_blocks_its_host() {
    let (folder, kept) = (damaged(), tempfile::tempdir().unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 251);
    let prober = prober(&kept);
    let began = Instant::now();
    let read = Catalog::scan(&[folder.path()]);
    let reading = began.elapsed();
    let began = Instant::now();
    let loading = Loading { prober: Some(prober), ..Loading::default() };
    let tried = Catalog::scan_trying(&[folder.path()], &loading);
    let trying = began.elapsed();
    println!("read in {reading:?}, tried in {trying:?}");
    assert!(reading < 2 * LIMIT && trying < 10 * LIMIT, "{reading:?}, {trying:?}");
    for catalog in [&read, &tried] {
        assert!(catalog.find("fixture.source").is_some(), "the good one is found");
    }
    // On a busy machine one of many may be late; tried once more, alone, it is not.
    let alone = self::prober(&kept);
    let why = |starts: &str, says: &str| {
        let of_kind = tried.refused().iter().filter(|it| {
            it.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(starts))
        });
        let said = of_kind.map(|it| match it.error.to_string() {
            said if said.contains(LATE) && !says.contains(LATE) => {
                alone.try_out(&it.path).map_or_else(|error| error.to_string(), |_| "good".into())
            }
            said => said,
        });
        said.collect::<Vec<_>>()
    };
    for (kind, count, says) in [
        ("cut", 70, "is cut short or damaged"),
        ("machine", 10, "is for "),
        ("pipe", 10, "is a pipe"),
        ("folder", 5, "is a folder"),
        ("crash", 20, "signal 11"),
        ("give_up", 5, "signal 6"),
        ("leave", 5, "exit status: 0"),
        ("loop", 10, LATE),
        ("sleep_on", 10, LATE),
        ("say_good", 5, LATE),
    ] {
        let said = why(kind, says);
        assert_eq!(said.len(), count, "{kind}");
        let wrong: Vec<_> = said
            .iter()
            .filter(|it| !it.contains(says) && !it.contains("is no program file"))
            .collect();
        assert!(wrong.is_empty(), "{kind}: {wrong:?}");
    }
    // Flipped bytes may hit what nobody reads; what passes then is only a second one of its kind.
    assert_eq!(why("flipped", LATE).len(), 100);
}

#[test]
fn a_verdict_is_kept_by_content_in_a_file_that_can_be_read_edited_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, fine) = (folder.path().join("bad.so"), folder.path().join("fine.so"));
    hostile("crash", &bad);
    fs::write(&fine, good()).unwrap();
    let prober = prober(&folder);
    let file = prober.verdicts().unwrap().file().to_owned();
    assert!(matches!(prober.try_out(&fine), Ok(Tried::Now(_))));
    assert!(prober.try_out(&bad).is_err());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\tgood\t") && text.contains("signal 11"), "{text}");
    // The same content elsewhere is known; the program is not even needed.
    let moved = folder.path().join("moved.so");
    fs::rename(&fine, &moved).unwrap();
    let blind = Prober::new("no/such/program", LIMIT).keeping(Verdicts::new(&file));
    assert!(matches!(blind.try_out(&moved), Ok(Tried::Before)));
    assert!(blind.try_out(&bad).unwrap_err().to_string().contains("signal 11"));
    // Edited: what the user says counts. Deleted: it is tried again.
    fs::write(&file, text.replace("\tgood\t", "\tsignal 4, during open\t")).unwrap();
    assert!(blind.try_out(&moved).unwrap_err().to_string().contains("signal 4"));
    fs::remove_file(&file).unwrap();
    let error = blind.try_out(&moved).unwrap_err();
    assert!(matches!(error, LoadError::Probe(ProbeError::NotStarted(_))), "{error}");
    fs::write(&file, "rubbish\n\0\n\tgood\t\n").unwrap();
    assert!(matches!(prober.try_out(&moved), Ok(Tried::Now(_))));
    prober
        .verdicts()
        .unwrap()
        .forget(&[driftless_engine::catalog::Content::of(&moved).unwrap()])
        .unwrap();
    assert!(matches!(prober.try_out(&moved), Ok(Tried::Now(_))));
}

#[test]
fn what_did_not_end_in_time_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let slow = folder.path().join("slow.so");
    hostile("sleep_on", &slow);
    let prober = Prober::new(program(), Duration::from_millis(100))
        .keeping(Verdicts::new(folder.path().join("verdicts.txt")));
    for _ in 0..2 {
        assert!(matches!(prober.try_out(&slow), Err(LoadError::Probe(ProbeError::TooLate { .. }))));
    }
    assert!(!folder.path().join("verdicts.txt").exists());
}

#[test]
fn a_graph_whose_plugin_crashes_in_its_trial_does_not_start_and_says_why() {
    let folder = misbehaving();
    hostile("crash", &folder.path().join("bad.so"));
    let manifest = "[graph]\nconnect = [\"a -> b -> c\"]\n[filter.a]\nplugin = \"fixture.source\"\n\
        [filter.b]\nplugin = \"example.c-gain\"\n[filter.c]\nplugin = \"fixture.renderer\"\n";
    let loading = Loading { prober: Some(prober(&folder)), ..Loading::default() };
    let catalog = Catalog::scan_with(&[folder.path()], &loading);
    let plan = Plan::new(&Manifest::parse("graph.toml", manifest).unwrap(), &catalog).unwrap();
    let error = Simulation::start(plan, RunOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("filter `b`: `") && error.contains("signal 11"), "{error}");
}

/// Runs the command as a user whose verdicts are kept in `folder`.
fn driftless(words: &[&str], folder: &Path) -> (i32, String, String) {
    let output: Output = Command::new(program())
        .args(words)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn why_tells_each_step_and_rescan_forgets() {
    let folder = folder(&[("good.so", &good())]);
    hostile("crash", &folder.path().join("bad.so"));
    let (status, out, err) = driftless(&["plugins", "--why", "good.so"], folder.path());
    assert_eq!(status, 0, "{out}{err}");
    for step in Step::ALL {
        assert!(out.contains(&format!("\n  {:10}  passed", step.name())), "{}: {out}", step.name());
    }
    assert!(out.contains("opened it just now"), "{out}");
    let (_, out, _) = driftless(&["plugins", "--why", "good.so"], folder.path());
    assert!(out.contains("opened it before, says"), "{out}");
    let (_, out, _) = driftless(&["plugins", "--why", "good.so", "--rescan"], folder.path());
    assert!(out.contains("opened it just now"), "{out}");

    let (status, out, _) = driftless(&["plugins", "--why", "bad.so"], folder.path());
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("\n  probe       failed   ") && out.contains("signal 11"), "{out}");
    let (status, out, _) = driftless(&["plugins", "--why", "bad.so", "--json"], folder.path());
    assert_eq!((status, out.contains("\"failed\": \"probe\"")), (1, true), "{out}");

    let (_, out, err) = driftless(&["plugins", "-p", "."], folder.path());
    assert!(out.contains("example.c-gain") && err.is_empty(), "read only: {out}{err}");
    let (_, out, err) = driftless(&["plugins", "-p", ".", "--probe"], folder.path());
    assert!(!out.contains("example.c-gain") && err.contains("signal 11"), "{out}{err}");
}

#[test]
fn a_pin_that_the_library_does_not_have_is_a_mistake_at_its_place() {
    let folder = misbehaving();
    let library = folder.path().join("misbehaving.so");
    let content = driftless_engine::catalog::Content::of(&library).unwrap();
    let manifest = |pin: &str| {
        let text = format!(
            "[graph]\nconnect = [\"a -> b\"]\n[filter.a]\nplugin = \"fixture.source\"\nsha256 = \"{pin}\"\n\
             [filter.b]\nplugin = \"fixture.renderer\"\n"
        );
        Manifest::parse("graph.toml", &text)
    };
    let catalog = Catalog::scan(&[folder.path()]);
    let plan = Plan::new(&manifest(&content.to_string()).unwrap(), &catalog).unwrap();
    assert!(Simulation::start(plan.clone(), RunOptions::default()).is_ok());
    let other = "ab".repeat(32);
    let said = Plan::new(&manifest(&other).unwrap(), &catalog).unwrap_err().to_string();
    assert!(said.starts_with("graph.toml:5:10: the library `"), "{said}");
    assert!(said.contains(&content.to_string()), "{said}");
    let said = manifest("abc").unwrap_err().to_string();
    assert!(
        said.starts_with("graph.toml:5:10: ") && said.contains("64 hexadecimal digits"),
        "{said}"
    );
    // Exchanged between plan and start: asked again.
    // By renaming: the file is mapped by now, and whoever writes into it writes into running code.
    let newer = folder.path().join("newer");
    fs::write(&newer, [bytes("driftless-fixture-misbehaving"), vec![0]].concat()).unwrap();
    fs::rename(&newer, &library).unwrap();
    let said = Simulation::start(plan, RunOptions::default()).unwrap_err().to_string();
    assert!(said.contains("has the SHA-256 ") && said.contains("pinned is "), "{said}");
    let said = load_with(&library, Some(content), &Loading::default()).unwrap_err();
    assert_eq!(said.step(), Step::Content);
}

/// 200 libraries that hold filters of their own: reading them must not read whole files.
#[test]
fn two_hundred_libraries_are_read_at_a_fraction_of_their_size() {
    let good = good();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..200 {
        let own = driftless_loading::patched(&good, "fixture.", &format!("fix{number:04}."), b'.');
        fs::write(folder.path().join(format!("{number}.so")), own).unwrap();
    }
    let began = Instant::now();
    let catalog = Catalog::scan(&[folder.path()]);
    let took = began.elapsed();
    println!("200 libraries of {} bytes in {took:?}", good.len());
    assert_eq!((catalog.entries().len(), catalog.refused().len()), (600, 0));
    assert!(took < Duration::from_millis(500), "{took:?}");
}
