use super::*;

/// A graph with a long edge, a meeting place, queues of both kinds and a smart tee.
fn wide() -> Plan {
    plan(&manifest(
        "",
        &[
            "microphone -> gain -> tee.in",
            "tee.keep -> mixer",
            "music -> mixer -> speakers",
            "tee.preview -> monitor",
            "camera -> preview",
        ],
        &[
            ("microphone", "live", "latency = \"500 ms\""),
            ("gain", "gain", ""),
            ("tee", "smart-tee", ""),
            ("music", "file", ""),
            ("mixer", "mixer", ""),
            ("speakers", "speakers", ""),
            ("monitor", "speakers", "provide-clock = false"),
            ("camera", "live", "latency = \"33 ms\""),
            ("preview", "screen", ""),
        ],
    ))
}

#[test]
fn the_drawing_shows_every_filter_pin_and_decision() {
    let svg = wide().svg();
    for text in [
        "microphone",
        "test.mixer",
        "in1",
        "keep",
        "reference clock",
        "latency 33.0 ms, offset +467.0 ms",
        "audio/48000/2",
        "queue 200.0 ms, leaky",
        "follows incoming rate",
        "graph latency 520.0 ms",
    ] {
        assert!(svg.contains(text), "`{text}` is drawn");
    }
    insta::assert_snapshot!("svg", svg);
}

#[test]
fn the_graphviz_text_names_every_filter_and_connection() {
    insta::assert_snapshot!("dot", wide().dot());
}

#[test]
fn no_two_boxes_overlap() {
    let svg = wide().svg();
    let number = |line: &str, key: &str| -> f64 {
        let rest = line.split_once(&format!(" {key}=\"")).expect("an attribute").1;
        rest.split('"').next().and_then(|text| text.parse().ok()).expect("a number")
    };
    let boxes: Vec<[f64; 4]> = svg
        .lines()
        .filter(|line| line.contains("class=\"box"))
        .map(|line| ["x", "y", "width", "height"].map(|key| number(line, key)))
        .collect();
    assert_eq!(boxes.len(), 9);
    for (index, [x, y, width, height]) in boxes.iter().enumerate() {
        for [other_x, other_y, other_width, other_height] in &boxes[index + 1..] {
            let beside = x + width < *other_x || other_x + other_width < *x;
            let above = y + height < *other_y || other_y + other_height < *y;
            assert!(beside || above);
        }
    }
}
