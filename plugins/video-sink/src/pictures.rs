//! Pictures of frames: a PNG file each.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use driftless_plugin_api::{PixelFormat, Sample, VideoFormat};

use crate::worker::Writer;

/// A frame to be written; it shares the sample's data.
#[derive(Debug)]
pub struct Picture {
    /// Frames presented before it.
    pub number: u64,
    /// Its format.
    pub format: VideoFormat,
    /// Its pixels, as many as the format says.
    pub sample: Sample,
}

/// Writes pictures into a folder.
#[derive(Debug)]
pub struct Pictures {
    folder: PathBuf,
}

impl Pictures {
    /// Makes the folder if it is not there, and tries whether a file can be made in it. `[main]`
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let trial = folder.join(".video-sink");
        File::create(&trial)?;
        fs::remove_file(&trial)?;
        Ok(Self { folder: folder.to_owned() })
    }
}

impl Writer for Pictures {
    type Item = Picture;

    fn name(&self) -> String {
        format!("pictures in `{}`", self.folder.display())
    }

    fn write(&mut self, picture: Picture) -> io::Result<()> {
        let path = self.folder.join(format!("frame-{:08}.png", picture.number));
        write_png(&path, picture.format, picture.sample.bytes()).inspect_err(|_| {
            // Half a picture is worse than none; the error tells that it is missing.
            let _ = fs::remove_file(&path);
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Colour as it is; the other formats as their plane of brightness.
fn write_png(path: &Path, format: VideoFormat, pixels: &[u8]) -> io::Result<()> {
    let area = format.width as usize * format.height as usize;
    let (color, bytes) = match format.pixels {
        PixelFormat::Rgb24 => (png::ColorType::Rgb, area * 3),
        _ => (png::ColorType::Grayscale, area),
    };
    let pixels = pixels.get(..bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(&mut file, format.width, format.height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    file.flush()
}
