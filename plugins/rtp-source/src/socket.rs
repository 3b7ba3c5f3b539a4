//! The socket: bound to a port, and member of a group.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use driftless_plugin_api::FilterError;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::arrival;
use crate::session::Session;

/// What the kernel should keep while nobody receives; it may grant less.
const KERNEL_BUFFER: usize = 1 << 20;

/// The socket of `session`, and whether its packets are stamped when they arrive. `[main]`
///
/// # Errors
///
/// What could not be opened, and what would help.
pub fn open(session: &Session) -> Result<(UdpSocket, bool), FilterError> {
    let Session { address, port, .. } = session;
    let failed = |error: io::Error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => {
                "; another program receives there: end it, or choose another `port`".to_owned()
            }
            ErrorKind::AddrNotAvailable => format!(
                "; it is no address of this machine: set `address = \"{}\"` to receive on all of them",
                unspecified(*address)
            ),
            ErrorKind::PermissionDenied => "; ports from 1024 on need no permission".to_owned(),
            _ => String::new(),
        };
        FilterError::new(format!("cannot receive on {address} port {port}: {error}{advice}"))
    };
    let socket = bound(*address, *port).map_err(failed)?;
    if address.is_multicast() {
        join(&socket, *address, &session.interface)?;
    }
    let socket = UdpSocket::from(socket);
    let is_stamped = arrival::prepare(&socket);
    Ok((socket, is_stamped))
}

fn bound(address: IpAddr, port: u16) -> io::Result<Socket> {
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.ip().is_multicast() {
        // Several programs may hear the same broadcast.
        socket.set_reuse_address(true)?;
    }
    // A smaller buffer loses packets under load only.
    let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
    // Where a group can be bound, packets to other groups on this port stay out.
    let bind = match address.ip().is_multicast() && cfg!(windows) {
        true => SocketAddr::new(unspecified(address.ip()), port),
        false => address,
    };
    socket.bind(&SockAddr::from(bind))?;
    Ok(socket)
}

fn unspecified(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn join(socket: &Socket, group: IpAddr, interface: &str) -> Result<(), FilterError> {
    let wrong = |expected: &str| {
        FilterError::new(format!("`interface` is `{interface}`; expected {expected}, or nothing"))
    };
    let joined = match group {
        IpAddr::V4(group) => {
            let own = match interface {
                "" => Ipv4Addr::UNSPECIFIED,
                text => text.parse().map_err(|_| {
                    wrong("the interface's own IPv4 address, such as \"192.168.1.10\"")
                })?,
            };
            socket.join_multicast_v4(&group, &own)
        }
        IpAddr::V6(group) => {
            let number = match interface {
                "" => 0,
                text => text.parse().map_err(|_| wrong("the interface's number, such as \"2\""))?,
            };
            socket.join_multicast_v6(&group, number)
        }
    };
    joined.map_err(|error| {
        FilterError::new(format!(
            "cannot join the multicast group {group}: {error}; `interface` names the address of the \
             network to join it on"
        ))
    })
}

#[cfg(test)]
mod tests {
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
}
