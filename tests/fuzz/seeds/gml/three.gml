graph [
  label "G [1]" # comment
  node [
    id 3 label "Bonn"
    Latitude 50.7 Longitude 7.1 ]
  node [ id 8 label "Rome" Latitude 41.9 Longitude 12.5 ]
  node [ id 9 x [ y 1 ] ]
  edge [ source 3 target 8 ]
  edge [ source 8 target 3 ]
  edge [ source 9 target 3 ]
]
