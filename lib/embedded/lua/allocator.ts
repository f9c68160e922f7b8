import type { RawLua, State } from "./raw.ts";

/** Opens a state of Lua whose memory is bounded. `limit` sets the bound, in bytes. */
export function openState(lua: RawLua): { state: State; limit: (maxBytes: number) => void } {
  let [used, most] = [0, Infinity];
  /** Lua's allocator. A size of 0 frees memory. Returns 0 when no memory is left. */
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
