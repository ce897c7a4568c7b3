-- Sends each line of a file once, as the body of a POST; then empty ones, which are errors.
local lines

function init(arguments)
  lines = io.lines(arguments[1])
end

function request()
  local body = lines and lines()
  if not body then
    lines = nil -- at the end of the file it is closed, and must not be read again
  end
  return wrk.format("POST", nil, nil, body or "")
end
