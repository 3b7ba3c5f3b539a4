use driftless_plugin_api::testing;

use super::*;

fn session(given: &[(&str, &str)]) -> Result<Session, FilterError> {
    let descriptor = include_str!("../../plugin.toml");
    Session::from_settings(&testing::settings(descriptor, "driftless.rtp-source", given))
}

const AES67: &str = "v=0
o=- 1311738121 1311738121 IN IP4 192.168.1.1
s=Stage left
c=IN IP4 239.0.0.1/32
t=0 0
m=audio 5004 RTP/AVP 96
a=rtpmap:96 L24/48000/2
a=ptime:1
a=ts-refclk:ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0:0
a=mediaclk:direct=963214424
";

const FFMPEG: &str = "SDP:
v=0
o=- 0 0 IN IP4 127.0.0.1
s=No Name
c=IN IP4 127.0.0.1
t=0 0
a=tool:libavformat 61.7.100
m=audio 5006 RTP/AVP 97
b=AS:1411
a=rtpmap:97 L16/44100/2
";

#[test]
fn descriptions_by_other_programs_are_understood() {
    let aes67 = session(&[("sdp", AES67)]).unwrap();
    assert_eq!((aes67.address.to_string().as_str(), aes67.port), ("239.0.0.1", 5004));
    assert_eq!((aes67.format.to_string().as_str(), aes67.payload_type), ("L24/48000/2", Some(96)));
    let path = std::env::temp_dir().join(format!("driftless-rtp-{}.sdp", std::process::id()));
    std::fs::write(&path, FFMPEG).unwrap();
    let ffmpeg = session(&[("sdp", path.to_str().unwrap()), ("address", "0.0.0.0")]);
    std::fs::remove_file(&path).unwrap();
    let ffmpeg = ffmpeg.unwrap();
    assert_eq!((ffmpeg.address.to_string().as_str(), ffmpeg.port), ("0.0.0.0", 5006));
    assert_eq!(ffmpeg.format.to_string(), "L16/44100/2");
}

#[test]
fn payload_types_10_and_11_need_no_description() {
    let text = AES67.replace("RTP/AVP 96", "RTP/AVP 11").replace("rtpmap:96", "rtpmap:99");
    let mono = session(&[("sdp", &text)]).unwrap();
    assert_eq!((mono.format.to_string().as_str(), mono.payload_type), ("L16/44100/1", Some(11)));
}

#[test]
fn a_stream_that_can_be_received_is_found_among_others() {
    let text = AES67.replace(
        "m=audio 5004 RTP/AVP 96",
        "m=video 5000 RTP/AVP 33\nm=audio 5002 RTP/AVP 0 97\na=rtpmap:97 opus/48000/2\n\
         m=audio 5004 RTP/AVP 98 96\na=rtpmap:98 AM824/48000/2",
    );
    assert_eq!(session(&[("sdp", &text)]).unwrap().port, 5004);
}

#[test]
fn what_cannot_be_received_is_named_with_what_could() {
    let opus = AES67.replace("L24/48000/2", "opus/48000/2");
    let off = AES67.replace("audio 5004", "audio 0");
    let silent = AES67.replace("m=audio", "m=video");
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let table: [Row<'_>; 10] = [
        (&[], "`port` is not given", "5004"),
        (&[("port", "5004")], "not said", "L24/48000/2"),
        (&[("port", "5004"), ("format", "L20/48000/2")], "L20/48000/2", "L16 or L24"),
        (&[("port", "5004"), ("format", "L16/8000"), ("address", "here")], "`here`", "239.1.2.3"),
        (&[("sdp", "none.sdp")], "none.sdp", "v=0"),
        (&[("sdp", "v=0\nrubbish")], "no session description", "line"),
        (&[("sdp", AES67), ("format", "L16/44100/2")], "L16/44100/2", "one of them"),
        (&[("sdp", &opus)], "opus/48000/2", "L16 or L24"),
        (&[("sdp", &off)], "port 0", "L16 or L24"),
        (&[("sdp", &silent)], "no audio stream", "L16 or L24"),
    ];
    for (given, found, expected) in table {
        let error = session(given).expect_err(found).text;
        assert!(error.contains(found), "`{error}` names `{found}`");
        assert!(error.to_lowercase().contains(&expected.to_lowercase()), "`{error}`: `{expected}`");
    }
}
