//! Whatever comes is counted.

use super::*;

/// Each packet is delivered, held, or counted under one name.
fn accounted(counts: &Counts, held: u64) -> u64 {
    counts.named().iter().filter(|(name, _)| !NO_DROPS.contains(name)).map(|(_, n)| n).sum::<u64>()
        + held
}

const NO_DROPS: [&str; 5] = ["packets", "lost", "reordered", "sender-changes", "timelines"];

/// What a hostile network does to a stream.
#[derive(Debug, Clone)]
enum Attack {
    Bytes(Vec<u8>),
    Flip { number: u16, byte: usize, bits: u8 },
    Packet { sequence: u16, timestamp: u32, ssrc: u32, frames: usize },
    Genuine(u16),
}

fn attack() -> impl Strategy<Value = Attack> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80).prop_map(Attack::Bytes),
        (0_u16..400, 0_usize..40, any::<u8>()).prop_map(|(number, byte, bits)| Attack::Flip {
            number,
            byte,
            bits
        }),
        (any::<u16>(), any::<u32>(), 0_u32..4, 0_usize..300).prop_map(
            |(sequence, timestamp, ssrc, frames)| Attack::Packet {
                sequence,
                timestamp,
                ssrc,
                frames
            }
        ),
        (0_u16..400).prop_map(Attack::Genuine),
        (0_u16..400).prop_map(Attack::Genuine),
    ]
}

fn genuine(number: u16) -> Vec<u8> {
    packet(number, u32::from(number) * FRAMES, 2, FRAMES as usize)
}

proptest! {
    /// Whatever comes, positions increase within a time line, and every packet is accounted for.
    #[test]
    fn nothing_from_the_network_upsets_the_receiver(
        attacks in prop::collection::vec((attack(), 0_i64..3_000), 1..300),
    ) {
        let mut receiver = receiver();
        let (mut now, mut last, mut left) = (0, -1, 0);
        for (attack, pause_ms) in attacks {
            now += if pause_ms > 2_900 { pause_ms } else { pause_ms / 200 };
            let bytes = match attack {
                Attack::Bytes(bytes) => bytes,
                Attack::Flip { number, byte, bits } => {
                    let mut bytes = genuine(number);
                    bytes[byte] ^= bits;
                    bytes
                }
                Attack::Packet { sequence, timestamp, ssrc, frames } => {
                    packet(sequence, timestamp, ssrc, frames)
                }
                Attack::Genuine(number) => genuine(number),
            };
            receiver.push(&bytes, at(now), |payload| Some(payload.to_vec()));
            loop {
                match receiver.pop(at(now)) {
                    Pop::Packet(received) => {
                        left += 1;
                        if received.new_timeline { last = -1; }
                        prop_assert!(received.position > last);
                        prop_assert!(received.frames > 0);
                        prop_assert_eq!(received.payload.len(), received.frames as usize * 2);
                        last = received.position;
                    }
                    Pop::WaitUntil(due) => { prop_assert!(due > at(now)); break; }
                    Pop::Empty => break,
                }
            }
        }
        let counts = *receiver.counts();
        prop_assert_eq!(counts.delivered, left);
        let held = receiver.window.clear(0);
        prop_assert_eq!(accounted(&counts, held), counts.packets);
    }
}
