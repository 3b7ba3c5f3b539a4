use super::*;

fn session(address: &str, port: u16, interface: &str) -> Session {
    Session {
        address: address.parse().unwrap(),
        port,
        interface: interface.to_owned(),
        format: "L24/48000/2".parse().unwrap(),
        payload_type: None,
    }
}

#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let error = open(&session("127.0.0.1", port, "")).unwrap_err().text;
    assert!(error.contains("another `port`") && error.contains(&port.to_string()), "{error}");
}

#[test]
fn an_address_of_another_machine_is_an_error_that_says_what_to_write() {
    let error = open(&session("192.0.2.1", 0, "")).unwrap_err().text;
    assert!(error.contains("address = \"0.0.0.0\""), "{error}");
}

#[test]
fn an_interface_that_is_no_address_is_refused() {
    let error = open(&session("239.255.77.1", 0, "eth0")).unwrap_err().text;
    assert!(error.contains("`eth0`") && error.contains("192.168.1.10"), "{error}");
}

/// A real socket: the time limit ends the wait, and the kernel's stamp lies in the past.
#[test]
fn a_datagram_is_received_with_its_age() {
    let (socket, is_stamped) = open(&session("127.0.0.1", 0, "")).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 100];
    let (length, age) = arrival::receive(&socket, &mut buffer, Patience::Waits).unwrap();
    assert_eq!(&buffer[..length], b"hello");
    assert!(age < Duration::from_secs(1), "{age:?}");
    assert_eq!(is_stamped, cfg!(target_os = "linux"));
    assert_eq!(age > Duration::ZERO, is_stamped, "the kernel noted when it arrived");
    assert!(waited(&arrival::receive(&socket, &mut buffer, Patience::Waits).unwrap_err()));
}

/// Packets that waited in the kernel are received together, in their order, and no more than were there.
#[test]
fn what_gathered_during_a_rest_is_received_at_once() {
    let (socket, is_stamped) = open(&session("127.0.0.1", 0, "")).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for number in 0..3_u8 {
        sender.send_to(&[number], socket.local_addr().unwrap()).unwrap();
    }
    let (packets, mut handed_over) = handover::queue();
    let shared = Arc::<Shared>::default();
    shared.listens.store(true, Ordering::Release);
    let host = driftless_plugin_api::testing::host();
    let buffer = vec![0; HEAD + LONGEST];
    let mut reception = Reception { socket, shared, host, packets, buffer };
    let most = if is_stamped { GATHERED } else { 3 };
    assert_eq!(reception.receive_all(most), 3);
    let mut bytes = Vec::new();
    for number in 0..3 {
        assert!(handed_over.receive(&mut bytes).is_some(), "packet {number} is not there");
        assert_eq!(bytes, [number]);
    }
    assert_eq!(reception.receive_all(most), 0, "there is none, and the wait for one ends");
}

#[test]
fn nobody_rests_while_nothing_comes_or_too_much_or_something_is_missing() {
    let (socket, _) = open(&session("127.0.0.1", 0, "")).unwrap();
    let (packets, _) = handover::queue();
    let host = driftless_plugin_api::testing::host();
    let reception = Reception { socket, shared: Arc::default(), host, packets, buffer: Vec::new() };
    let may_rest = || [0, 1, GATHERED - 1, GATHERED].map(|received| reception.may_rest(received));
    assert_eq!(may_rest(), [false, true, true, false]);
    reception.shared.hurries.store(true, Ordering::Relaxed);
    assert_eq!(may_rest(), [false; 4]);
    let rest = |ms| longest_rest(Span::from_millis(ms)).as_millis();
    assert_eq!([0, 8, 40, 80, 2000].map(rest), [0, 4, 20, 20, 20]);
}
