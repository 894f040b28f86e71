//! The command line. All it does is in `cli`.

fn main() -> std::process::ExitCode {
    orchestrion::cli::main()
}
