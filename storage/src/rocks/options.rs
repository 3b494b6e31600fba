//! RocksDB options that both stores share, chosen for a small machine with many open sockets.

use rocksdb::{BlockBasedOptions, DBCompressionType, Options};

use crate::memory::SharedMemory;

/// Files RocksDB may keep open per instance; sockets need the rest of the process' limit.
const OPEN_FILES_MAX: i32 = 512;
const BLOCK_BYTES: usize = 16 << 10;
const BLOOM_BITS_PER_KEY: f64 = 10.0;
const INFO_LOG_BYTES: usize = 4 << 20;
const INFO_LOG_FILES: usize = 2;
/// Background writers hand dirty pages to the disk in steps of this, so that no log sync waits behind a heap of them.
const BACKGROUND_SYNC_BYTES: u64 = 1 << 20;

/// Options of an instance whose single memtable holds up to `memtable_bytes`.
pub(crate) fn base_options(memory: &SharedMemory, memtable_bytes: usize) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(&memory.cache);
    table.set_block_size(BLOCK_BYTES);
    table.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_optimize_filters_for_memory(true);

    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_paranoid_checks(true);
    options.set_block_based_table_factory(&table);
    options.set_write_buffer_manager(&memory.memtables);
    options.set_write_buffer_size(memtable_bytes);
    options.set_max_write_buffer_number(3);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_max_background_jobs(2);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_bytes_per_sync(BACKGROUND_SYNC_BYTES);
    options.set_max_log_file_size(INFO_LOG_BYTES);
    options.set_keep_log_file_num(INFO_LOG_FILES);
    options.set_stats_dump_period_sec(0);
    options
}
