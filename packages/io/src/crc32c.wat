;; CRC-32C in WebAssembly: the text of the module whose bytes stand in crc32c-wasm.ts (crc32c-wasm.node.test.ts compares them).
;;
;; Memory: 0 tables, 8 of 256 i32 (crc32c.ts fills them in); the bytes to work on anywhere behind.
;;
;; `fold` needs no table. x^5275 + x^4508 + x^2751 + 1 is a multiple of the polynomial (the shortest of four terms), and so is
;; the same in x^8: a byte of the message may be struck out if it is added to those 767, 2524 and 5275 bytes further on. Read
;; from the receiving end: each byte of a long message becomes itself plus those 767, 2524 and 5275 bytes before it, in order,
;; and after that only the last 5275 bytes count. 64 bytes a turn, which no lag is shorter than.
(module
  (memory (export "memory") 2)

  ;; Adds to the bytes at out, as many as from at to end (a multiple of 64), those that lie 767, 2524 and 5275 before at.
  (func (export "fold") (param $at i32) (param $end i32) (param $out i32)
    (local $far i32)
    (local.set $far (i32.sub (local.get $at) (i32.const 5275)))
    (local.set $end (i32.sub (local.get $end) (i32.const 5275)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $far) (local.get $end)))
        (v128.store (local.get $out)
          (v128.xor
            (v128.xor (v128.load (local.get $out)) (v128.load offset=4508 (local.get $far)))
            (v128.xor (v128.load offset=2751 (local.get $far)) (v128.load (local.get $far)))))
        (v128.store offset=16 (local.get $out)
          (v128.xor
            (v128.xor (v128.load offset=16 (local.get $out)) (v128.load offset=4524 (local.get $far)))
            (v128.xor (v128.load offset=2767 (local.get $far)) (v128.load offset=16 (local.get $far)))))
        (v128.store offset=32 (local.get $out)
          (v128.xor
            (v128.xor (v128.load offset=32 (local.get $out)) (v128.load offset=4540 (local.get $far)))
            (v128.xor (v128.load offset=2783 (local.get $far)) (v128.load offset=32 (local.get $far)))))
        (v128.store offset=48 (local.get $out)
          (v128.xor
            (v128.xor (v128.load offset=48 (local.get $out)) (v128.load offset=4556 (local.get $far)))
            (v128.xor (v128.load offset=2799 (local.get $far)) (v128.load offset=48 (local.get $far)))))
        (local.set $far (i32.add (local.get $far) (i32.const 64)))
        (local.set $out (i32.add (local.get $out) (i32.const 64)))
        (br $next))))

  ;; The register $crc (inverted, as the algorithm has it) after the bytes from at to end: eight bytes a turn over eight tables.
  (func (export "table") (param $crc i32) (param $at i32) (param $end i32) (result i32)
    (local $word i64) (local $low i32) (local $high i32)
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $end)))
        (local.set $word (i64.xor (i64.load (local.get $at)) (i64.extend_i32_u (local.get $crc))))
        (local.set $low (i32.wrap_i64 (local.get $word)))
        (local.set $high (i32.wrap_i64 (i64.shr_u (local.get $word) (i64.const 32))))
        (local.set $crc
          (i32.xor
            (i32.xor
              (i32.xor (i32.load offset=7168 (i32.shl (i32.and (local.get $low) (i32.const 255)) (i32.const 2)))
                       (i32.load offset=6144 (i32.shl (i32.and (i32.shr_u (local.get $low) (i32.const 8)) (i32.const 255)) (i32.const 2))))
              (i32.xor (i32.load offset=5120 (i32.shl (i32.and (i32.shr_u (local.get $low) (i32.const 16)) (i32.const 255)) (i32.const 2)))
                       (i32.load offset=4096 (i32.shl (i32.shr_u (local.get $low) (i32.const 24)) (i32.const 2)))))
            (i32.xor
              (i32.xor (i32.load offset=3072 (i32.shl (i32.and (local.get $high) (i32.const 255)) (i32.const 2)))
                       (i32.load offset=2048 (i32.shl (i32.and (i32.shr_u (local.get $high) (i32.const 8)) (i32.const 255)) (i32.const 2))))
              (i32.xor (i32.load offset=1024 (i32.shl (i32.and (i32.shr_u (local.get $high) (i32.const 16)) (i32.const 255)) (i32.const 2)))
                       (i32.load (i32.shl (i32.shr_u (local.get $high) (i32.const 24)) (i32.const 2)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $crc
          (i32.xor
            (i32.load
              (i32.shl
                (i32.and (i32.xor (local.get $crc) (i32.load8_u (local.get $at))) (i32.const 255))
                (i32.const 2)))
            (i32.shr_u (local.get $crc) (i32.const 8))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $crc)))
