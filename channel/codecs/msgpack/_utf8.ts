/** Whether `bytes` from `start` to before `end` are UTF-8, by RFC 3629. */
export function isUtf8(
  bytes: DataView,
  start: number,
  end: number,
): boolean {
  let at = start;
  while (at < end) {
    // Four bytes of ASCII at once: most text is nothing else.
    while (at + 4 <= end && (bytes.getUint32(at) & 0x8080_8080) === 0) at += 4;
    if (at === end) return true;
    const lead = bytes.getUint8(at++);
    if (lead < 0x80) continue;
    const more = followersOf(lead);
    if (more === 0 || at + more > end) return false;
    const second = bytes.getUint8(at);
    // The narrower ranges keep out overlong forms, surrogates, and what lies
    // beyond U+10FFFF.
    if (second < (lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80)) {
      return false;
    }
    if (second > (lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf)) {
      return false;
    }
    for (let follower = 1; follower < more; follower++) {
      if ((bytes.getUint8(at + follower) & 0xc0) !== 0x80) return false;
    }
    at += more;
  }
  return true;
}

/** How many bytes follow a lead byte; 0 if it leads nothing. */
function followersOf(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 1;
  return lead < 0xf0 ? 2 : 3;
}
