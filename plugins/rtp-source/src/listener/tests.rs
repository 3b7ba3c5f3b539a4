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
    let socket = open(&session("127.0.0.1", 0, "")).unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 100];
    let (length, age) = arrival::receive(&socket, &mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"hello");
    assert!(age < Duration::from_secs(1), "{age:?}");
    #[cfg(target_os = "linux")]
    assert!(age > Duration::ZERO, "the kernel noted when it arrived");
    assert!(waited(&arrival::receive(&socket, &mut buffer).unwrap_err()));
}
