// The USB serial line of the board, from the host's end.
//
// rp2040js answers every OUT token at once, with an empty packet when there is nothing to send;
// TinyUSB then never leaves its task. A real host says nothing until it has data: so do we.
import { USBCDC } from "./rp2040js.mjs";

export class SerialLine {
  // `onData(bytes)`: what the firmware sends; `onOpen()`: the firmware has the line up.
  constructor(mcu, onData, onOpen) {
    this.mcu = mcu;
    this.open = false;
    this.queue = [];
    this.asked = null; // how many bytes the firmware has asked for
    this.cdc = new USBCDC(mcu.usbCtrl);
    this.cdc.onSerialData = onData;
    this.cdc.onDeviceConnected = () => {
      this.open = true;
      onOpen();
      this.#pump();
    };
    mcu.usbCtrl.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.cdc.outEndpoint) return;
      this.asked = size;
      this.#pump();
    };
  }

  send(bytes) {
    this.queue.push(...bytes);
    this.#pump();
  }

  #pump() {
    if (this.asked === null || !this.queue.length || !this.open) return;
    const size = this.asked;
    this.asked = null;
    const bytes = Uint8Array.from(this.queue.splice(0, size));
    this.mcu.usbCtrl.endpointReadDone(this.cdc.outEndpoint, bytes);
  }
}
