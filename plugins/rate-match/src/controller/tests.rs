use super::*;

const STEP_S: f64 = 0.01;

/// A source `ppm` fast, first heard `error_s` late, estimated within `ratio_error_ppm`: after each
/// step the seconds since the start, the ratio, the error and the controller.
fn run(
    controller: &mut Controller,
    seconds: f64,
    (ppm, mut error_s): (f64, f64),
    ratio_error_ppm: f64,
    mut look: impl FnMut(f64, f64, f64, &Controller),
) -> f64 {
    let steps = (seconds / STEP_S).round() as u32;
    for n in 0..steps {
        let aim = Aim { error: error_s, error_error: 0.0, ratio_ppm: ppm, ratio_error_ppm };
        let ratio = controller.step(&aim, STEP_S);
        // A ratio above the clocks' takes more and makes what is late less late.
        error_s -= (ratio - ppm) * 1e-6 * STEP_S;
        look(f64::from(n + 1) * STEP_S, ratio, error_s, controller);
    }
    error_s
}

#[test]
fn ratio_and_position_arrive_and_stay() {
    for (ppm, error_s) in [(0.0, 0.0), (100.0, 0.0), (-1_500.0, 0.0), (500.0, 1e-3), (-20.0, -2e-3)]
    {
        let mut controller = Controller::new(Tuning::default());
        controller.start();
        run(&mut controller, 20.0, (ppm, error_s), 0.0, |t, ratio, error, controller| {
            if t > 6.0 {
                assert!((ratio - ppm).abs() < 0.5, "{ppm}, {error_s}: {ratio} ppm after {t} s");
                assert!(error.abs() < 20e-6, "{ppm}, {error_s}: {error} s after {t} s");
                assert!(controller.is_locked(), "{ppm}, {error_s}: after {t} s");
            }
        });
    }
}

/// LS-M14
#[test]
fn while_it_tracks_the_ratio_slews_no_faster_than_the_tuning_says() {
    let tuning = Tuning::default();
    let mut controller = Controller::new(tuning);
    controller.start();
    run(&mut controller, 10.0, (50.0, 0.0), 0.0, |_, _, _, _| {});
    assert_eq!(controller.phase(), Phase::Track);
    let mut last = controller.ratio_ppm();
    // Less than what is called lost.
    run(
        &mut controller,
        10.0,
        (50.0 + 0.9 * tuning.lost_ppm, 0.0),
        0.0,
        |t, ratio, _, controller| {
            let slew = (ratio - std::mem::replace(&mut last, ratio)) / STEP_S;
            assert!(slew.abs() <= tuning.track_slew_ppm_s + 1e-9, "{slew} ppm/s after {t} s");
            assert_eq!(controller.phase(), Phase::Track, "after {t} s");
        },
    );
}

/// LS-M12
#[test]
fn it_has_locked_only_when_the_ratio_has_arrived() {
    let mut controller = Controller::new(Tuning::default());
    controller.start();
    let off = |ratio: f64| (ratio - 300.0).abs();
    run(&mut controller, 5.0, (300.0, 0.0), 1.0, |t, ratio, _, controller| {
        assert!(!controller.is_locked() || off(ratio) < 10.0, "{ratio} ppm after {t} s");
    });
    assert!(controller.is_locked());
    run(&mut controller, 1.0, (300.0, 0.0), 5.0, |_, _, _, _| {});
    assert!(!controller.is_locked(), "nobody knows a ratio to 2 ppm that is known to 5");
}

/// LS-87
#[test]
fn the_ratio_stays_within_its_limit_and_starting_over_forgets_it() {
    let tuning = Tuning::default();
    let mut controller = Controller::new(tuning);
    controller.start();
    run(&mut controller, 30.0, (9_000.0, 0.0), 0.0, |_, ratio, _, _| {
        assert!(ratio.abs() <= tuning.limit_ppm, "{ratio} ppm");
    });
    assert_eq!(controller.ratio_ppm(), tuning.limit_ppm);
    controller.hold();
    assert_eq!((controller.phase(), controller.ratio_ppm()), (Phase::Hold, tuning.limit_ppm));
    controller.reset();
    assert_eq!((controller.phase(), controller.ratio_ppm()), (Phase::StartOver, 0.0));
}

#[test]
fn noise_in_the_position_is_not_heard_as_wander() {
    let tuning = Tuning::default();
    let mut noise = crate::noise::Noise(1);
    let mut controller = Controller::new(tuning);
    controller.start();
    for n in 0..6_000 {
        let error = 20e-6 * noise.normal();
        let aim = Aim { error, error_error: 20e-6, ratio_ppm: 0.0, ratio_error_ppm: 0.01 };
        let ratio = controller.step(&aim, STEP_S);
        assert!(n < 1_000 || ratio.abs() < tuning.wander_ppm, "{n}: {ratio} ppm");
    }
}
