//! Sounds through the system's own library, on a device that writes what it plays to a file.

use std::process::Command;

use vblank_tests::{DEADLINE, Demo, Display, Run, skip, wait_until, workspace};

/// Samples that were played, from frames of two samples.
fn played(file: &std::path::Path) -> Vec<f32> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let left = bytes.chunks_exact(8).map(|frame| &frame[..4]);
    left.map(|sample| f32::from_le_bytes(sample.try_into().expect("it is four bytes")))
        .collect()
}

/// A tenth of a second, in samples.
const TAIL: usize = 4410;

fn peak(part: &[f32]) -> f32 {
    let loudest = |most: f32, sample: &f32| most.max(sample.abs());
    part.iter().fold(0.0, loudest)
}

fn is_near(peak: f32, wanted: f32) -> bool {
    (peak - wanted).abs() < 0.02
}

#[test]
fn music_goes_on_across_a_swap_and_a_missing_sound_is_said_once() {
    let mut alsa = Command::new("pkg-config");
    let has_sound = alsa.args(["--exists", "alsa"]).status();
    if !has_sound.is_ok_and(|status| status.success()) {
        return skip("this host was built without sound, as there is no libasound");
    }
    let demo = Demo::copy("hello");
    let guest = workspace().join("tests/guests/tone.rs");
    std::fs::copy(guest, demo.source()).expect("the demo can be written");
    let (file, device) = (demo.beside("played.raw"), demo.beside("asound.conf"));
    let text = format!(
        "pcm.!default {{ type file slave.pcm {{ type null }} file \"{}\" format raw }}",
        file.display()
    );
    std::fs::write(&device, text).expect("the folder can be written");
    let display = Display::start();
    let mut host = Run::windowed(&demo.folder(), display.name())
        .args("--size 64x64")
        .env("ALSA_CONFIG_PATH", &device)
        .start();
    host.event("first-frame");
    host.says("no sound `no such file`");
    demo.replace("VOLUME: f32 = 1.0", "VOLUME: f32 = 0.5");
    host.event("swap");
    wait_until("sound as loud as the new code says", DEADLINE, || {
        let samples = played(&file);
        let newest = samples.len().saturating_sub(TAIL);
        is_near(peak(&samples[newest..]), 0.25).then_some(())
    });
    let ended = host.stop().without(&["refused", "rollback", "break"]);
    let _ = ended.says_once(&["no sound `no such file`"]);

    let samples = played(&file);
    let loud = |sample: &f32| sample.abs() > 0.05;
    let first = samples.iter().position(loud).expect("something is heard");
    let last = samples.iter().rposition(loud).expect("as above");
    let heard = &samples[first..=last];
    let silence = heard.split(loud).map(<[f32]>::len).max().unwrap_or(0);
    // Half a turn of the tone takes 100 samples.
    assert!(silence < 400, "a silence of {silence} samples");
    let (before, after) = (peak(heard), peak(&heard[heard.len() - TAIL..]));
    assert!(is_near(before, 0.5), "as loud as it was made: {before}");
    assert!(
        is_near(after, 0.25),
        "as loud as the new code says: {after}"
    );
}
