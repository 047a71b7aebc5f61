import board
from joulegate import app

app.run(board)
