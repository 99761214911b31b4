/** Machines for which there is a program, as uname(1) and `docker info` call them. */
export type Machine = 'x86_64' | 'aarch64'

/** How long the program waits before it ends by itself, in seconds, so that a killed run leaves nothing behind. */
export const WAIT_SECONDS = 600

const HEADER = 64
const PROGRAM_HEADER = 56
/** The address of the file in memory, which every kernel allows. */
const BASE = 0x40_0000
/** Behind two program headers: struct timespec (nanosleep(2)). */
const TIME_AT: number = HEADER + 2 * PROGRAM_HEADER
const CODE_AT: number = TIME_AT + 16
/** The largest page of the two machines: segments are aligned to pages (elf(5), p_align). */
const PAGE = 0x1_0000

/** nanosleep(time, NULL); exit(0). One instruction a line. A signal without a handler ends the wait as it ends the program. */
const CODE: Readonly<Record<Machine, readonly string[]>> = {
  // Numbers of calls: asm/unistd_64.h.
  x86_64: [
    'bf b0 00 40 00', // mov edi, 0x4000b0  the time: BASE and TIME_AT
    '31 f6', //          xor esi, esi       NULL
    'b8 23 00 00 00', // mov eax, 35        nanosleep
    '0f 05', //          syscall
    '31 ff', //          xor edi, edi       0
    'b8 3c 00 00 00', // mov eax, 60        exit
    '0f 05', //          syscall
  ],
  // Numbers of calls: asm-generic/unistd.h.
  aarch64: [
    '80 ff ff 10', // adr x0, -16   the time, right before the code
    '01 00 80 d2', // mov x1, #0    NULL
    'a8 0c 80 d2', // mov x8, #101  nanosleep
    '01 00 00 d4', // svc #0
    '00 00 80 d2', // mov x0, #0    0
    'a8 0b 80 d2', // mov x8, #93   exit
    '01 00 00 d4', // svc #0
  ],
}

/** elf.h: EM_X86_64, EM_AARCH64. */
const ELF_MACHINE: Readonly<Record<Machine, number>> = { x86_64: 62, aarch64: 183 }

/** Is there a program for this machine? */
export function isKnownMachine(machine: string): machine is Machine {
  return Object.hasOwn(CODE, machine)
}

/**
 * A complete static program of about 200 bytes that waits, for a container whose image needs no registry. The fields are
 * those of elf(5).
 *
 * @param seconds - how long it waits
 */
export function waitProgram(machine: Machine, seconds: number = WAIT_SECONDS): Buffer {
  const code = Buffer.from(CODE[machine].join('').replaceAll(' ', ''), 'hex')
  const elf = Buffer.alloc(CODE_AT + code.length)
  elf.set([0x7f, 0x45, 0x4c, 0x46], 0) //            e_ident: "\x7fELF"
  elf.set([2, 1, 1, 0], 4) //                        64 bits, little-endian, version 1, System V; padding
  elf.writeUInt16LE(2, 16) //                        e_type: ET_EXEC
  elf.writeUInt16LE(ELF_MACHINE[machine], 18) //     e_machine
  elf.writeUInt32LE(1, 20) //                        e_version
  elf.writeBigUInt64LE(BigInt(BASE + CODE_AT), 24) // e_entry
  elf.writeBigUInt64LE(BigInt(HEADER), 32) //        e_phoff: right behind this one
  //                                                 e_shoff, 40: there are no sections; e_flags, 48: none
  elf.writeUInt16LE(HEADER, 52) //                   e_ehsize
  elf.writeUInt16LE(PROGRAM_HEADER, 54) //           e_phentsize
  elf.writeUInt16LE(2, 56) //                        e_phnum
  //                                                 e_shentsize, e_shnum, e_shstrndx, 58: none
  // PT_LOAD, PF_R | PF_X: the whole file.
  writeProgramHeader(elf, HEADER, { type: 1, flags: 5, address: BASE, size: elf.length, align: PAGE })
  // PT_GNU_STACK, PF_R | PF_W: without it the stack may become executable (Linux, fs/binfmt_elf.c).
  writeProgramHeader(elf, HEADER + PROGRAM_HEADER, { type: 0x6474_e551, flags: 6, address: 0, size: 0, align: 16 })
  elf.writeBigUInt64LE(BigInt(seconds), TIME_AT) //  tv_sec; tv_nsec, 8 behind it: 0
  elf.set(code, CODE_AT)
  return elf
}

interface ProgramHeader {
  readonly type: number
  readonly flags: number
  readonly address: number
  readonly size: number
  readonly align: number
}

function writeProgramHeader(elf: Buffer, at: number, { type, flags, address, size, align }: ProgramHeader): void {
  elf.writeUInt32LE(type, at) //                     p_type
  elf.writeUInt32LE(flags, at + 4) //                p_flags
  //                                                 p_offset, 8: from the file's beginning
  elf.writeBigUInt64LE(BigInt(address), at + 16) //  p_vaddr
  elf.writeBigUInt64LE(BigInt(address), at + 24) //  p_paddr
  elf.writeBigUInt64LE(BigInt(size), at + 32) //     p_filesz
  elf.writeBigUInt64LE(BigInt(size), at + 40) //     p_memsz
  elf.writeBigUInt64LE(BigInt(align), at + 48) //    p_align
}
