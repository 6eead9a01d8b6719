-- The functions that clients call.

-- A full store can still be looked at (which whoever turns a knob does first), slowed down, paused.
local ALWAYS = {'allow-oom'}
local READS = {'no-writes'}
local ANY = {}
local VERBS = {
  {'join', join, ANY}, {'status', status, ALWAYS}, {'enter', enter, ANY}, {'express', express, ANY},
  {'extend', extend, ANY}, {'leave', leave, ANY}, {'standing', standing, READS},
  {'redeem', redeem, ANY}, {'stock', shop.stock, ALWAYS},
  {'renew', for_each_lease(renew_one), ANY}, {'release', for_each_lease(release_one), ALWAYS},
  {'create', create, ANY}, {'set', set, ALWAYS}, {'plan', plan, ANY}, {'undo', undo, ALWAYS},
  {'pause', pause, ALWAYS},
  {'resume', resume, ALWAYS}, {'drain', drain, ALWAYS}, {'close', close, ALWAYS},
  {'open', open, ANY}, {'reset', reset, ANY}, {'revoke_staff', revoke_staff, ANY},
  {'place', place, READS}, {'second_chance', second_chance, ANY},
  {'staff_pass', staff_pass, ANY}, {'revoke_pass', revoke_pass, ALWAYS},
  {'note', note, ANY}, {'system_note', system_note, ALWAYS}, {'account', account, ANY},
}
for i = 1, #VERBS do
  redis.register_function{
    function_name = 'wr_' .. VERBS[i][1] .. '_@HASH@', callback = VERBS[i][2], flags = VERBS[i][3],
  }
end
