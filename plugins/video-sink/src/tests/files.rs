//! The log and the pictures.

use super::*;

#[test]
fn the_log_has_a_line_for_each_frame_presented_and_is_whole_after_a_stop() {
    let folder = TempDir::new().unwrap();
    let log = path(&folder, "log.csv");
    let mut driver = sink(&[("log", &log)]);
    driver.set_presentation_delay(ms(100));
    driver.run().unwrap();
    send(&mut driver, 7, Some(0));
    let mut plain = driver.sample(format(PixelFormat::Rgb24).frame_bytes());
    plain.bytes_mut().unwrap().fill(255);
    step_at(&mut driver, 103);
    driver.receive(0, plain).unwrap();
    driver.step();
    stop(&mut driver);
    let expected = "number,media_time,stamp_ns,due_ns,presented_ns,error_ns,barcode\n\
                    0,7,0,100000000,103000000,3000000,7\n\
                    1,,,,103000000,,\n";
    assert_eq!(fs::read_to_string(&log).unwrap(), expected);
    assert_eq!(driver.events(), []);
    assert_eq!(driver.counters()["log_lines_lost"], 0);
}

fn decoded(file: &Path) -> (png::OutputInfo, Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(file).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info, pixels)
}

#[test]
fn every_third_frame_becomes_a_picture_with_the_same_pixels() {
    let folder = TempDir::new().unwrap();
    let mut driver = running(&[("frames", &path(&folder, "a/b")), ("every", "3")]);
    for n in 0..7 {
        send(&mut driver, 100 + n, None);
    }
    stop(&mut driver);
    let mut names: Vec<_> = fs::read_dir(folder.path().join("a/b"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["frame-00000000.png", "frame-00000003.png", "frame-00000006.png"]);
    let (info, pixels) = decoded(&folder.path().join("a/b/frame-00000003.png"));
    assert_eq!((info.width, info.height, info.color_type), (WIDTH, HEIGHT, png::ColorType::Rgb));
    assert_eq!(pixels, frame(&driver, 103, None).bytes());
    assert_eq!(driver.counters()["pictures_lost"], 0);
}

#[test]
fn other_pixel_formats_become_pictures_of_their_brightness() {
    for pixels in [PixelFormat::Gray8, PixelFormat::I420] {
        let folder = TempDir::new().unwrap();
        let mut driver =
            Driver::renderer::<VideoSink>(settings(&[("frames", &path(&folder, "."))])).unwrap();
        driver.connect(PIN, MediaType::Video(format(pixels))).unwrap();
        driver.run().unwrap();
        let mut sample = driver.sample(format(pixels).frame_bytes());
        sample.bytes_mut().unwrap().fill(77);
        driver.receive(0, sample).unwrap();
        driver.step();
        stop(&mut driver);
        let (info, picture) = decoded(&folder.path().join("frame-00000000.png"));
        assert_eq!(info.color_type, png::ColorType::Grayscale);
        assert_eq!(picture, vec![77; (WIDTH * HEIGHT) as usize]);
    }
}

#[test]
fn files_that_cannot_be_made_are_an_error_before_anything_runs() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for (setting, name) in [("log", "absent/log.csv"), ("frames", "file/below")] {
        let place = path(&folder, name);
        let mut driver = sink(&[(setting, &place)]);
        let refused = driver.activate().unwrap_err();
        assert!(refused.text.contains(&place) && refused.text.contains(setting), "{refused}");
    }
}

/// Only Linux has a disk that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_start_is_an_error_at_activation() {
    let refused = sink(&[("log", "/dev/full")]).activate().unwrap_err();
    assert!(refused.text.contains("No space left"), "{refused}");
}
