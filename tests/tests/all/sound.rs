//! Sounds through the system's own library, on a device that writes what it plays to a file.

use std::process::Command;

use vblank_tests::{Demo, Display, Run, workspace};

/// What was played: frames of two samples.
fn played(file: &std::path::Path) -> Vec<f32> {
    let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let left = bytes.chunks_exact(8).map(|frame| &frame[..4]);
    left.map(|sample| f32::from_le_bytes(sample.try_into().expect("it is four bytes")))
        .collect()
}

#[test]
fn music_goes_on_across_a_swap_and_a_missing_sound_is_said_once() {
    let mut alsa = Command::new("pkg-config");
    let has_sound = alsa.args(["--exists", "alsa"]).status();
    if !has_sound.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: this host was built without sound, as there is no libasound");
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
    host.run_on(std::time::Duration::from_millis(500));
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
    let peak = |part: &[f32]| {
        part.iter()
            .fold(0.0_f32, |most, sample| most.max(sample.abs()))
    };
    let (before, after) = (peak(heard), peak(&heard[heard.len() - 4410..]));
    assert!(
        (before - 0.5).abs() < 0.02,
        "as loud as it was made: {before}"
    );
    assert!(
        (after - 0.25).abs() < 0.02,
        "as loud as the new code says: {after}"
    );
}
