fn main() -> anyhow::Result<()> {
    proof_sandbox::run_child(std::env::args_os())
}
