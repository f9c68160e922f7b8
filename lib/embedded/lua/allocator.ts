import type { RawLua, State } from "./raw.ts";

/** Opens a state of Lua whose memory has a bound; `limit` sets it, in bytes. */
export function openState(lua: RawLua): { state: State; limit: (maxBytes: number) => void } {
  let [used, most] = [0, Infinity];
  /** What Lua calls for memory: a size of 0 gives it back. Returns 0 where there is none left. */
  const allocate = (_: number, at: number, oldSize: number, newSize: number): number => {
    const before = at === 0 ? 0 : oldSize;
    if (newSize === 0) {
      if (at !== 0) lua._free(at);
      used -= before;
      return 0;
    }
    if (newSize > before && used + newSize - before > most) return 0;
    const moved = lua._realloc(at, newSize);
    if (moved !== 0) used += newSize - before;
    return moved;
  };
  const state = lua._lua_newstate(lua.addFunction(allocate, "iiiii"), 0);
  if (state === 0) throw new RangeError("Lua found no memory for its state.");
  return {
    state,
    limit: (maxBytes) => {
      most = maxBytes;
    },
  };
}
