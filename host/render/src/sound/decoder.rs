//! The decoder of sound files, packet by packet, so that it ends when a file holds more than it may. Knows no
//! device.

use std::io::Cursor;

use kira::Frame;
use kira::sound::static_sound::{StaticSoundData, StaticSoundSettings};
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::formats::TrackType;
use symphonia::core::io::MediaSourceStream;

use super::error::BadSound;

/// Decodes a WAV or Ogg Vorbis file. `may_grow` gets the bytes of memory that are needed for the next part.
pub(super) fn decode(
    encoded: &[u8],
    may_grow: &mut dyn FnMut(u64) -> bool,
) -> Result<StaticSoundData, BadSound> {
    let wrong = |what: &str| BadSound::Encoding(what.to_owned());
    let damaged = |error: symphonia::core::errors::Error| BadSound::Encoding(error.to_string());
    let stream = MediaSourceStream::new(Box::new(Cursor::new(encoded)), Default::default());
    let probe = symphonia::default::get_probe();
    let (hint, options) = (Default::default(), Default::default());
    let reader = probe.probe(&hint, stream, options, Default::default());
    let mut reader = reader.map_err(damaged)?;
    let track = reader.default_track(TrackType::Audio);
    let track = track.ok_or_else(|| wrong("it has no track"))?;
    let Some(CodecParameters::Audio(parameters)) = &track.codec_params else {
        return Err(wrong("it has no track of sound"));
    };
    let number = track.id;
    let rate = parameters
        .sample_rate
        .ok_or_else(|| wrong("it has no sample rate"))?;
    let codecs = symphonia::default::get_codecs();
    let decoder = codecs.make_audio_decoder(parameters, &Default::default());
    let mut decoder = decoder.map_err(damaged)?;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet().map_err(damaged)? {
        if packet.track_id != number {
            continue;
        }
        let buffer = decoder.decode(&packet).map_err(damaged)?;
        // A list that is full is copied to one of twice the size.
        let size = 2 * (frames.len() + buffer.frames()) * size_of::<Frame>();
        if !may_grow(size as u64) {
            return Err(wrong("it is too large"));
        }
        append(&mut frames, &buffer).ok_or_else(|| wrong("it has more than two channels"))?;
    }
    if frames.is_empty() {
        return Err(wrong("it is empty"));
    }
    Ok(StaticSoundData {
        sample_rate: rate,
        frames: frames.into(),
        settings: StaticSoundSettings::default(),
        slice: None,
    })
}

/// Appends decoded samples. `None` if they have more than two channels.
fn append(frames: &mut Vec<Frame>, buffer: &GenericAudioBufferRef<'_>) -> Option<()> {
    let channels = buffer.num_planes();
    if !(1..=2).contains(&channels) {
        return None;
    }
    let mut samples: Vec<f32> = vec![0.0; buffer.frames() * channels];
    buffer.copy_to_slice_interleaved(&mut samples);
    frames.extend(samples.chunks_exact(channels).map(|frame| Frame {
        left: frame[0],
        right: frame[channels - 1],
    }));
    Some(())
}
