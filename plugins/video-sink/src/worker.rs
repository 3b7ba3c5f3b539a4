//! Writing to files on a thread of its own, so that presenting never waits for a disk.
//!
//! Items are written in the order they were sent. What cannot be written is lost, counted, and told
//! once; presenting goes on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use driftless_plugin_api::{EventCode, Host};

/// What writes the items.
pub trait Writer: Send + 'static {
    /// What it writes.
    type Item: Send;

    /// What it writes, and where, for messages: "log `frames.csv`".
    fn name(&self) -> String;

    /// Writes one item, perhaps into a buffer.
    ///
    /// # Errors
    ///
    /// The system's. Nothing is written afterwards.
    fn write(&mut self, item: Self::Item) -> io::Result<()>;

    /// Empties the buffer.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn flush(&mut self) -> io::Result<()>;
}

/// A thread that writes; dropping it waits until everything is written.
#[derive(Debug)]
pub struct Worker<T> {
    sender: Option<Sender<T>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<AtomicU64>,
    overrun_told: bool,
    name: String,
    host: Host,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts the thread; up to `capacity` items wait for it. `[main]`
    ///
    /// # Errors
    ///
    /// The system's, when it has no thread to give.
    pub fn start(writer: impl Writer<Item = T>, capacity: usize, host: Host) -> io::Result<Self> {
        let (sender, receiver) = bounded(capacity);
        let (name, lost) = (writer.name(), Arc::new(AtomicU64::new(0)));
        let task = Task { host: host.clone(), lost: Arc::clone(&lost), waiting: 0, safe: 0 };
        let thread = thread::Builder::new()
            .name("video-sink".to_owned())
            .spawn(move || task.run(writer, &receiver))?;
        let (sender, thread) = (Some(sender), Some(thread));
        Ok(Self { sender, thread, lost, overrun_told: false, name, host })
    }

    /// Sends an item, or loses it if too many wait already. Never waits. `[streaming]`
    pub fn send(&mut self, item: T) {
        let Some(sender) = &self.sender else { return };
        if sender.try_send(item).is_ok() {
            return;
        }
        self.lost.fetch_add(1, Ordering::Relaxed);
        if !std::mem::replace(&mut self.overrun_told, true) {
            let text = format!(
                "{}: it cannot be written as fast as frames come; some are missing",
                self.name
            );
            self.host.event(EventCode::WARNING, 0, 0, &text);
        }
    }

    /// How many items were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything is written; how many items were lost in all. `[main]`
    pub fn finish(self) -> u64 {
        let lost = Arc::clone(&self.lost);
        drop(self);
        lost.load(Ordering::Relaxed)
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.sender = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            let text = format!("{}: the thread that writes it panicked", self.name);
            self.host.event(EventCode::WARNING, 0, 0, &text);
        }
    }
}

/// The thread's side.
struct Task {
    host: Host,
    lost: Arc<AtomicU64>,
    /// Items written that may be in the buffer still.
    waiting: u64,
    /// Items that are safe.
    safe: u64,
}

impl Task {
    fn run<W: Writer>(mut self, mut writer: W, items: &Receiver<W::Item>) {
        for item in items {
            if let Err(error) = self.write(&mut writer, item, items.is_empty()) {
                self.give_up(&writer, &error);
                let unwritten = items.iter().count() as u64;
                self.lost.fetch_add(unwritten, Ordering::Relaxed);
                return;
            }
        }
        if let Err(error) = writer.flush() {
            self.give_up(&writer, &error);
        }
    }

    fn write<W: Writer>(&mut self, writer: &mut W, item: W::Item, idle: bool) -> io::Result<()> {
        self.waiting += 1;
        writer.write(item)?;
        if idle {
            writer.flush()?;
            self.safe += std::mem::take(&mut self.waiting);
        }
        Ok(())
    }

    fn give_up<W: Writer>(&self, writer: &W, error: &io::Error) {
        self.lost.fetch_add(self.waiting, Ordering::Relaxed);
        let (name, safe) = (writer.name(), self.safe);
        let text = format!("{name}: {error}; what comes after the first {safe} is lost");
        self.host.event(EventCode::WARNING, 0, 0, &text);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use driftless_plugin_api::Settings;
    use driftless_plugin_api::testing::Driver;

    use super::*;
    use crate::VideoSink;

    /// Writes numbers until `room` is used up.
    struct Memory {
        written: Arc<Mutex<Vec<u32>>>,
        room: usize,
        /// Taken while a number is written.
        gate: Arc<Mutex<()>>,
    }

    impl Writer for Memory {
        type Item = u32;

        fn name(&self) -> String {
            "memory".to_owned()
        }

        fn write(&mut self, item: u32) -> io::Result<()> {
            let _open = self.gate.lock().unwrap();
            let mut written = self.written.lock().unwrap();
            if written.len() == self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            written.push(item);
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn memory(room: usize) -> Memory {
        Memory { written: Arc::default(), room, gate: Arc::default() }
    }

    fn driver() -> Driver {
        let settings: Settings = crate::tests::settings(&[]);
        Driver::renderer::<VideoSink>(settings).unwrap()
    }

    #[test]
    fn everything_is_written_in_order_when_the_worker_is_dropped() {
        let (driver, memory) = (driver(), memory(usize::MAX));
        let written = Arc::clone(&memory.written);
        let mut worker = Worker::start(memory, 1000, driver.host()).unwrap();
        (0..1000).for_each(|item| worker.send(item));
        assert_eq!(worker.lost(), 0);
        drop(worker);
        assert_eq!(*written.lock().unwrap(), (0..1000).collect::<Vec<_>>());
        assert_eq!(driver.events(), []);
    }

    #[test]
    fn a_full_disk_is_told_once_with_what_is_lost() {
        let (driver, memory) = (driver(), memory(10));
        let written = Arc::clone(&memory.written);
        let mut worker = Worker::start(memory, 1000, driver.host()).unwrap();
        (0..100).for_each(|item| worker.send(item));
        let lost = worker.finish();
        assert_eq!(written.lock().unwrap().len(), 10);
        assert!((90..=100).contains(&lost), "{lost} of 100 are lost");
        let events = driver.events();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].code, EventCode::WARNING);
        assert!(events[0].text.starts_with("memory: "), "{}", events[0].text);
    }

    #[test]
    fn a_slow_disk_loses_items_and_never_holds_up_the_sender() {
        let (driver, memory) = (driver(), memory(usize::MAX));
        let (written, gate) = (Arc::clone(&memory.written), Arc::clone(&memory.gate));
        let closed = gate.lock().unwrap();
        let mut worker = Worker::start(memory, 4, driver.host()).unwrap();
        (0..100).for_each(|item| worker.send(item));
        let lost = worker.lost();
        assert!((95..=96).contains(&lost), "4 wait, and one may be in the writer's hands: {lost}");
        drop(closed);
        drop(worker);
        assert_eq!(written.lock().unwrap().len() as u64, 100 - lost);
        assert_eq!(driver.events().len(), 1, "told once");
    }
}
