// Runs a UF2 file as the boot ROM does (RP2040 Datasheet, 2.8.1): the first 256 bytes of flash are copied to the end of
// RAM and started there. Prints as JSON what the program sent, and the clock and baud that it set.
//     node rp2040.mjs FOLDER-WITH-NODE_MODULES IMAGE.uf2 TEXT-TO-SEND
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , folder, image, input] = process.argv;
const { RP2040 } = createRequire(`${folder}/`)('rp2040js');
const FLASH = 0x10000000, STAGE = 0x41f00, SECOND = 125e6;
const chip = new RP2040();
for (const level of ['debug', 'info', 'warn', 'error']) chip.logger[level] = () => {};

const blocks = readFileSync(image);
for (let at = 0; at < blocks.length; at += 512) {
    const address = blocks.readUInt32LE(at + 12), size = blocks.readUInt32LE(at + 16);
    chip.flash.set(blocks.subarray(at + 32, at + 32 + size), address - FLASH);
}
chip.sram.set(chip.flash.slice(0, 256), STAGE);
chip.core.PC = 0x20000000 + STAGE;
chip.core.SP = 0x20000000 + STAGE;

let text = '';
chip.uart[0].onByte = (byte) => (text += String.fromCharCode(byte));
function run(cycles) {
    for (let done = 0; done < cycles;) {
        const used = chip.core.executeInstruction();
        chip.clock.tick(used * 8);
        done += used;
    }
}
run(SECOND / 50);
for (const letter of input) chip.uart[0].feedByte(letter.charCodeAt(0));
run(SECOND / 50);
console.log(JSON.stringify({ text, clock_hz: chip.clkSys, baud: chip.uart[0].baudRate }));
