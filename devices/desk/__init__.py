"""The desk station (工作台): what is laid on a PC/SC reader, told through the broker in the native dialect.

cards     what a desk asks a card, and what the card answers: APDUs
pcsc      the readers of this machine, as they come and go, and the daemon behind them
station   both ends together: taps out, challenges in
"""
