impl Ship {
    fn migrate_v0(&mut self, old: &vblank_guest::state::Old) -> Result<(), vblank_guest::state::RestoreError> {
        let _speed: Option<String> = old.get("speed")?;
        let _cargo: Option<Vec<(u8, i16)>> = old.get("cargo")?;
        let _gun = old.value("gun"); // was Gun
        Err("say how Ship goes on from version 0".into())
    }
}
