// The container of V1 checkpoints and V2 index files: LevelDB's table, as TensorFlow writes it.
// Source: leveldb/doc/table_format.md; tensorflow/core/lib/io/{format,block_builder,table_builder}.cc.
//
//   file     = data block* metaindex block, index block, footer
//   block    = entry* restart[u32]* count[u32] | type[1] crc[u32]      the last five are the trailer
//   entry    = varint shared, varint unshared, varint valueLength, key bytes [shared..], value
//   footer   = varint offset,size of the metaindex block; the same of the index block; zeros to 40 bytes; magic[8]
//
// Every 16th entry is a restart: its key is whole. type: 0 plain, 1 snappy. crc: crc32c of block and type, masked.
// The index block has a key >= the last key of each data block and < the first of the next, and the block's handle.

export const footerSize = 48;
export const trailerSize = 5;
export const restartInterval = 16;
/** A block is closed when its size estimate reaches this: TensorFlow's table::Options. */
export const blockSize = 262144;
export const tableMagic: Uint8Array = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);

/** Where a block lies; size is without the trailer. */
export interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
