-- Sends each line of a file once, as the body of a POST; then empty ones, which are errors.
local lines

function init(arguments)
  lines = io.lines(arguments[1])
end

function request()
  return wrk.format("POST", nil, nil, lines and lines() or "")
end
