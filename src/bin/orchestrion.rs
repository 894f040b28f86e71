//! The command line. All it does is in `console::cli`.

fn main() -> std::process::ExitCode {
    orchestrion::console::cli::main()
}
