-- Datagrams by LuaSocket: receivefrom() without a size. Not for: streams. Usage: lua lua_udp.lua PORT
local socket = require("socket")

local server = assert(socket.udp())
assert(server:setsockname("127.0.0.1", tonumber(arg[1])))
while true do
  local data, address, port = server:receivefrom()
  if data then
    server:sendto(data, address, port)
  end
end
