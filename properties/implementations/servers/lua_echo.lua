-- LuaSocket's select: a peer is not read while something waits for it.
-- Not for: other libraries of Lua. Usage: lua lua_echo.lua PORT
local socket = require("socket")

local server = assert(socket.bind("127.0.0.1", tonumber(arg[1]), 128)) -- it sets reuseaddr
server:settimeout(0)
local pending = {} -- peer -> what it has not taken yet

local function receive(peer)
  local data, reason, partial = peer:receive(8192)
  data = data or partial
  if #data > 0 then
    pending[peer] = data
  elseif reason ~= "timeout" then
    pending[peer] = nil
    peer:close()
  end
end

local function send(peer)
  local last, reason, partial = peer:send(pending[peer])
  if last or reason == "timeout" then
    pending[peer] = pending[peer]:sub((last or partial) + 1)
  else
    pending[peer] = nil
    peer:close()
  end
end

while true do
  local readers, writers = { server }, {}
  for peer, data in pairs(pending) do
    table.insert(#data > 0 and writers or readers, peer)
  end
  local readable, writable = socket.select(readers, writers)
  for _, peer in ipairs(writable) do send(peer) end
  for _, peer in ipairs(readable) do
    if peer ~= server then
      receive(peer)
    else
      local new = server:accept()
      if new then
        new:settimeout(0)
        pending[new] = ""
      else
        socket.sleep(0.05) -- no descriptor left, say: the queue stays ready
      end
    end
  end
end
