//! The `madang` binary: the allocator, and the command line.

/// After many sessions start and stop glibc's allocator keeps gigabytes; this one gives them back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    madang_node::cli::main()
}
